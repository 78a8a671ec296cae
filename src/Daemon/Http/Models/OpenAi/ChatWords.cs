using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>What whole and streamed chat completions have in common.</summary>
internal static class ChatWords
{
    public static void Head(Utf8JsonWriter json, string kind, AnswerStamp stamp, string model)
    {
        json.WriteString("id", $"chatcmpl-{stamp.Id}");
        json.WriteString("object", kind);
        json.WriteNumber("created", stamp.UnixSeconds);
        json.WriteString("model", model);
    }

    public static string Finish(ThinkReply reply) => reply.FinishReason switch
    {
        "length" => "length",
        "content_filter" => "content_filter",
        _ => reply.ToolCalls is { Count: > 0 } ? "tool_calls" : "stop",
    };

    public static void ToolCalls(Utf8JsonWriter json, IReadOnlyList<ToolCall>? calls, bool isStream)
    {
        if (calls is not { Count: > 0 })
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        for (var i = 0; i < calls.Count; i++)
        {
            var call = calls[i];
            json.WriteStartObject();
            if (isStream)
            {
                json.WriteNumber("index", i);
            }

            json.WriteString("id", call.Id);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments?.GetRawText() ?? "{}");
            json.WriteEndObject();
            Signature(json, call);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void Usage(Utf8JsonWriter json, ModelUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.InputTokens);
        json.WriteNumber("completion_tokens", usage.OutputTokens);
        json.WriteNumber("total_tokens", usage.InputTokens + usage.OutputTokens);
        json.WriteEndObject();
    }

    // As Google's own endpoint of this shape has it: https://ai.google.dev/gemini-api/docs/thought-signatures.
    private static void Signature(Utf8JsonWriter json, ToolCall call)
    {
        if (call.Signature is { } signature)
        {
            json.WriteStartObject("extra_content");
            json.WriteStartObject("google");
            json.WriteString("thought_signature", signature);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }
}
