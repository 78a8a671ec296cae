using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Anthropic;

/// <summary>What whole and streamed messages have in common, and refusals.</summary>
internal static class MessagesWords
{
    public static void Head(Utf8JsonWriter json, AnswerStamp stamp, string model)
    {
        json.WriteString("id", $"msg_{stamp.Id}");
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
    }

    public static string Stop(ThinkReply reply) => reply.FinishReason switch
    {
        "length" => "max_tokens",
        "content_filter" => "refusal",
        _ => reply.ToolCalls is { Count: > 0 } ? "tool_use" : "end_turn",
    };

    /// <summary>In a stream the input follows.</summary>
    public static void ToolUse(Utf8JsonWriter json, ToolCall call, bool withInput)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_use");
        json.WriteString("id", call.Id);
        json.WriteString("name", call.Name);
        json.WritePropertyName("input");
        if (withInput && call.Arguments is { } input)
        {
            input.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public static void Usage(Utf8JsonWriter json, ModelUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", usage.InputTokens);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", 0);
        json.WriteNumber("output_tokens", usage.OutputTokens);
        json.WriteEndObject();
    }

    /// <summary>
    /// Its <c>type</c> (https://docs.anthropic.com/en/api/errors), and our <c>code</c> beside it.
    /// </summary>
    public static void Error(Utf8JsonWriter json, WireRefusal refusal)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", refusal.Status switch
        {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            504 => "timeout_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        });
        json.WriteString("message", refusal.Text);
        json.WriteString("code", refusal.Error.CodeName);
        json.WriteString("field", refusal.Field);
        json.WriteEndObject();
        json.WriteString("request_id", refusal.RequestId);
        json.WriteEndObject();
    }
}
