using System.Text.Json;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>
/// Refusals in OpenAI's words (https://platform.openai.com/docs/guides/error-codes): its <c>type</c>, our <c>code</c>.
/// </summary>
internal static class OpenAiErrors
{
    public static void Write(Utf8JsonWriter json, WireRefusal refusal)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        WriteFields(json, refusal);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteFields(Utf8JsonWriter json, WireRefusal refusal)
    {
        json.WriteString("message", refusal.Text);
        json.WriteString("type", refusal.Status switch
        {
            401 => "authentication_error",
            402 => "insufficient_quota",
            403 => "permission_error",
            429 => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        });
        json.WriteString("param", refusal.Field);
        json.WriteString("code", refusal.Error.CodeName);
    }
}
