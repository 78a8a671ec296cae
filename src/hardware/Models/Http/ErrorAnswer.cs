using System.Globalization;
using System.Text.Json;

namespace Analemma.Models.Http;

/// <summary>
/// What a provider says went wrong, in whichever of the known shapes:
/// Gemini's <c>{"error":{"code","message","status","details"}}</c>
/// (https://ai.google.dev/gemini-api/docs/troubleshooting),
/// OpenAI's <c>{"error":{"message","type","param","code"}}</c> (https://platform.openai.com/docs/guides/error-codes),
/// Anthropic's <c>{"type":"error","error":{"type","message"}}</c> (https://docs.anthropic.com/en/api/errors), and the
/// compatible servers' <c>{"error":"text"}</c> and <c>{"object":"error","message","type"}</c>.
/// </summary>
internal sealed record ErrorAnswer(string? Message, IReadOnlySet<string> Words, TimeSpan? RetryAfter, int? Code)
{
    private const int MessageCharsMax = 500;

    public static ErrorAnswer Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(Unwrap(document.RootElement));
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // A proxy's HTML page says nothing that a reader of the error could use, nor does half a character.
            return new(null, new HashSet<string>(), null, null);
        }
    }

    public static ErrorAnswer Read(JsonElement error)
    {
        var words = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (error.ValueKind == JsonValueKind.String)
        {
            return new(Short(error.GetString()), words, null, null);
        }

        if (error.ValueKind != JsonValueKind.Object)
        {
            return new(null, words, null, null);
        }

        foreach (var name in (string[])["status", "type", "code"])
        {
            Add(words, error, name);
        }

        var code = error.TryGetProperty("code", out var number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt32(out var value) ? value : (int?)null;
        return new(Short(Text(error, "message")), words, ReadDetails(error, words), code);
    }

    private static JsonElement Unwrap(JsonElement root)
    {
        // Gemini answers a stream that is not SSE with an array.
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
        {
            root = root[0];
        }

        return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) ? error : root;
    }

    /// <summary>google.rpc.ErrorInfo has a reason, google.rpc.RetryInfo a delay such as "34.07s".</summary>
    private static TimeSpan? ReadDetails(JsonElement error, HashSet<string> words)
    {
        if (!error.TryGetProperty("details", out var details) || details.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        TimeSpan? delay = null;
        foreach (var detail in details.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
        {
            Add(words, detail, "reason");
            if (double.TryParse(
                Text(detail, "retryDelay")?.TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var s)
                && s is >= 0 and < 86_400)
            {
                delay = TimeSpan.FromSeconds(s);
            }
        }

        return delay;
    }

    private static void Add(HashSet<string> words, JsonElement from, string name)
    {
        if (Text(from, name) is { } word)
        {
            words.Add(word);
        }
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Short(string? message)
    {
        if (string.IsNullOrWhiteSpace(message))
        {
            return null;
        }

        var line = message.ReplaceLineEndings(" ").Trim();
        return line.Length <= MessageCharsMax ? line : line[..MessageCharsMax] + "…";
    }
}
