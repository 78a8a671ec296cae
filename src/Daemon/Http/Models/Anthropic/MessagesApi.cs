using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Anthropic;

/// <summary>
/// Anthropic's messages: https://docs.anthropic.com/en/api/messages. Not served: documents, images by address, tools of
/// Anthropic's own, and thoughts, which are dropped from what is sent back.
/// </summary>
internal sealed class MessagesApi : IModelApi
{
    public WireCall Read(Field body, string target) => MessagesRequest.Read(body);

    public void Write(Utf8JsonWriter json, WireCall call, ThinkReply reply, AnswerStamp stamp)
    {
        json.WriteStartObject();
        MessagesWords.Head(json, stamp, reply.Model);
        json.WriteStartArray("content");
        if (reply.Content.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", reply.Content);
            json.WriteEndObject();
        }

        foreach (var use in reply.ToolCalls ?? [])
        {
            MessagesWords.ToolUse(json, use, withInput: true);
        }

        json.WriteEndArray();
        json.WriteString("stop_reason", MessagesWords.Stop(reply));
        json.WriteNull("stop_sequence");
        MessagesWords.Usage(json, reply.Usage);
        json.WriteEndObject();
    }

    public WireStream Stream(WireCall call, AnswerStamp stamp) => new MessagesStream(call, stamp);

    public void WriteError(Utf8JsonWriter json, WireRefusal refusal) => MessagesWords.Error(json, refusal);
}
