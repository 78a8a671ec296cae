using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>
/// OpenAI's chat completions: https://platform.openai.com/docs/api-reference/chat. Not served: several choices, log
/// probabilities, audio, files, the older functions, and tools of OpenAI's own.
/// </summary>
internal sealed class ChatApi : IModelApi
{
    public WireCall Read(Field body, string target) => ChatRequest.Read(body);

    public void Write(Utf8JsonWriter json, WireCall call, ThinkReply reply, AnswerStamp stamp)
    {
        json.WriteStartObject();
        ChatWords.Head(json, "chat.completion", stamp, reply.Model);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        if (reply.Content.Length == 0 && reply.ToolCalls is { Count: > 0 })
        {
            json.WriteNull("content");
        }
        else
        {
            json.WriteString("content", reply.Content);
        }

        json.WriteNull("refusal");
        ChatWords.ToolCalls(json, reply.ToolCalls, isStream: false);
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", ChatWords.Finish(reply));
        json.WriteEndObject();
        json.WriteEndArray();
        ChatWords.Usage(json, reply.Usage);
        json.WriteEndObject();
    }

    public WireStream Stream(WireCall call, AnswerStamp stamp) => new ChatStream((ChatCall)call, stamp);

    public void WriteError(Utf8JsonWriter json, WireRefusal refusal) => OpenAiErrors.Write(json, refusal);
}
