using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Responses;

/// <summary>The objects that responses and their events are made of.</summary>
internal static class ResponsesWords
{
    private static readonly string[] Repeated =
    [
        "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "reasoning", "temperature", "text",
        "tool_choice", "tools", "top_p", "user",
    ];

    public static void Response(Utf8JsonWriter json, ResponseState state)
    {
        json.WriteStartObject();
        json.WriteString("id", $"resp_{state.Stamp.Id}");
        json.WriteString("object", "response");
        json.WriteNumber("created_at", state.Stamp.UnixSeconds);
        json.WriteString("status", state.Status);
        Error(json, state.Refusal);
        Incomplete(json, state.Reply?.FinishReason);
        json.WriteString("model", state.Reply?.Model ?? state.Call.Think.Model ?? "default");
        json.WriteStartArray("output");
        if (state.Reply is { } reply)
        {
            Output(json, state, reply);
        }

        json.WriteEndArray();
        Repeat(json, state.Call.Asked);
        json.WriteNull("previous_response_id");
        json.WriteBoolean("store", false);
        json.WriteString("truncation", "disabled");
        Usage(json, state.Reply?.Usage);
        json.WriteEndObject();
    }

    public static void Message(Utf8JsonWriter json, AnswerStamp stamp, string? text)
    {
        json.WriteStartObject();
        json.WriteString("id", $"msg_{stamp.Id}");
        json.WriteString("type", "message");
        json.WriteString("status", text is null ? "in_progress" : "completed");
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        if (text is not null)
        {
            TextPart(json, text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void TextPart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteString("text", text);
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void FunctionCall(Utf8JsonWriter json, ToolCall call, bool isDone)
    {
        json.WriteStartObject();
        json.WriteString("id", $"fc_{call.Id}");
        json.WriteString("type", "function_call");
        json.WriteString("status", isDone ? "completed" : "in_progress");
        json.WriteString("call_id", call.Id);
        json.WriteString("name", call.Name);
        json.WriteString("arguments", isDone ? Arguments(call) : "");
        json.WriteEndObject();
    }

    public static string Arguments(ToolCall call) => call.Arguments?.GetRawText() ?? "{}";

    private static void Output(Utf8JsonWriter json, ResponseState state, ThinkReply reply)
    {
        if (state.HasText)
        {
            Message(json, state.Stamp, state.Text);
        }

        foreach (var call in reply.ToolCalls ?? [])
        {
            FunctionCall(json, call, isDone: true);
        }
    }

    private static void Error(Utf8JsonWriter json, WireRefusal? refusal)
    {
        if (refusal is null)
        {
            json.WriteNull("error");
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("code", refusal.Error.CodeName);
        json.WriteString("message", refusal.Text);
        json.WriteEndObject();
    }

    private static void Incomplete(Utf8JsonWriter json, string? finish)
    {
        if (finish is not ("length" or "content_filter"))
        {
            json.WriteNull("incomplete_details");
            return;
        }

        json.WriteStartObject("incomplete_details");
        json.WriteString("reason", finish == "length" ? "max_output_tokens" : "content_filter");
        json.WriteEndObject();
    }

    // As they were sent, or what stands for their absence.
    private static void Repeat(Utf8JsonWriter json, JsonElement asked)
    {
        foreach (var name in Repeated)
        {
            json.WritePropertyName(name);
            if (asked.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null)
            {
                value.WriteTo(json);
            }
            else
            {
                Default(json, name);
            }
        }
    }

    private static void Default(Utf8JsonWriter json, string name) => json.WriteRawValue(name switch
    {
        "metadata" => "{}"u8,
        "parallel_tool_calls" => "true"u8,
        "reasoning" => "{\"effort\":null,\"summary\":null}"u8,
        "text" => "{\"format\":{\"type\":\"text\"}}"u8,
        "tool_choice" => "\"auto\""u8,
        "tools" => "[]"u8,
        _ => "null"u8,
    });

    private static void Usage(Utf8JsonWriter json, ModelUsage? usage)
    {
        if (usage is null)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", usage.InputTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", usage.OutputTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", usage.InputTokens + usage.OutputTokens);
        json.WriteEndObject();
    }
}
