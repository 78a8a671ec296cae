using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>What whole and streamed answers have in common, and refusals.</summary>
internal static class GenerateWords
{
    /// <summary>A part of the answer that is not its last.</summary>
    public static void Piece(Utf8JsonWriter json, ReadOnlySpan<byte> text, string model, AnswerStamp stamp)
    {
        json.WriteStartObject();
        OpenCandidate(json);
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
        CloseCandidate(json, null);
        Mark(json, model, stamp);
        json.WriteEndObject();
    }

    /// <summary>The whole answer, or what is left of it at the end.</summary>
    public static void Last(Utf8JsonWriter json, ThinkReply reply, string text, AnswerStamp stamp)
    {
        json.WriteStartObject();
        OpenCandidate(json);
        if (text.Length > 0 || reply.ToolCalls is not { Count: > 0 })
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        foreach (var call in reply.ToolCalls ?? [])
        {
            Call(json, call);
        }

        CloseCandidate(json, Finish(reply));
        json.WriteStartObject("usageMetadata");
        json.WriteNumber("promptTokenCount", reply.Usage.InputTokens);
        json.WriteNumber("candidatesTokenCount", reply.Usage.OutputTokens);
        json.WriteNumber("totalTokenCount", reply.Usage.InputTokens + reply.Usage.OutputTokens);
        json.WriteEndObject();
        Mark(json, reply.Model, stamp);
        json.WriteEndObject();
    }

    /// <summary>As all of Google's: https://cloud.google.com/apis/design/errors. Our code is the reason.</summary>
    public static void Error(Utf8JsonWriter json, WireRefusal refusal)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("code", refusal.Status);
        json.WriteString("message", refusal.Text);
        json.WriteString("status", refusal.Status switch
        {
            400 or 405 or 413 => "INVALID_ARGUMENT",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            409 => "FAILED_PRECONDITION",
            402 or 429 => "RESOURCE_EXHAUSTED",
            499 => "CANCELLED",
            503 => "UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            _ => "INTERNAL",
        });
        json.WriteStartArray("details");
        json.WriteStartObject();
        json.WriteString("@type", "type.googleapis.com/google.rpc.ErrorInfo");
        json.WriteString("reason", refusal.Error.CodeName);
        json.WriteString("domain", "analemma");
        json.WriteStartObject("metadata");
        json.WriteString("request_id", refusal.RequestId);
        if (refusal.Field is { } field)
        {
            json.WriteString("field", field);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Finish(ThinkReply reply) => reply.FinishReason switch
    {
        "length" => "MAX_TOKENS",
        "content_filter" => "SAFETY",
        _ => "STOP",
    };

    private static void OpenCandidate(Utf8JsonWriter json)
    {
        json.WriteStartArray("candidates");
        json.WriteStartObject();
        json.WriteStartObject("content");
        json.WriteString("role", "model");
        json.WriteStartArray("parts");
    }

    private static void CloseCandidate(Utf8JsonWriter json, string? finish)
    {
        json.WriteEndArray();
        json.WriteEndObject();
        if (finish is not null)
        {
            json.WriteString("finishReason", finish);
        }

        json.WriteNumber("index", 0);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Call(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionCall");
        json.WriteString("id", call.Id);
        json.WriteString("name", call.Name);
        json.WritePropertyName("args");
        if (call.Arguments is { } arguments)
        {
            arguments.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        if (call.Signature is { } signature)
        {
            json.WriteString("thoughtSignature", signature);
        }

        json.WriteEndObject();
    }

    private static void Mark(Utf8JsonWriter json, string model, AnswerStamp stamp)
    {
        json.WriteString("modelVersion", model);
        json.WriteString("responseId", stamp.Id);
    }
}
