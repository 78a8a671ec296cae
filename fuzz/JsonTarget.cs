using System.Text.Json;
using Analemma.Workflow.Json;

namespace Analemma.Fuzz;

/// <summary>
/// JSON values in this process: the same texts are taken as by the base library's parser, lone surrogates included;
/// what is taken is the same when it is written and read again, and what is not has a place.
/// </summary>
internal static class JsonTarget
{
    public static int Run(byte[] text)
    {
        var isTaken = JsonValue.TryParse(text, JsonLimits.Widest, out var value, out var error);
        Demands.Hold(isTaken == IsJson(text), isTaken ? "taken, and is no JSON" : $"refused, and is JSON: {error}");
        if (!isTaken)
        {
            Demands.Hold(error!.Message.Length > 0 && error.Line >= 0 && error.Column >= 0, "an error without a place");
            return 1;
        }

        var written = value.ToUtf8();
        Demands.Json(written);
        Demands.Hold(JsonValue.TryParse(written, JsonLimits.Widest, out var back, out _), "written, and is no JSON");
        Demands.Hold(back == value && back.GetHashCode() == value.GetHashCode(), "not the same when read again");
        Demands.Hold(back.ToUtf8().AsSpan().SequenceEqual(written), "not the same when written again");
        return 1;
    }

    private static bool IsJson(byte[] text)
    {
        try
        {
            Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = JsonLimits.DepthCeiling });
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName
                    && !System.Text.Unicode.Utf8.IsValid(reader.ValueSpan))
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
