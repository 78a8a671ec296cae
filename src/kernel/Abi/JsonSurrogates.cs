using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Analemma.Abi;

// JSON can write what no text can hold: half of a surrogate pair, as \ud800 alone. The reader takes it for good JSON,
// and whoever then asks for the text, or writes the value again, gets an exception. So it is refused where requests
// are read, before anything else looks at them. Nearly all have no \u at all, and cost one search for that.

/// <summary>Escapes of half of a surrogate pair in JSON.</summary>
public static class JsonSurrogates
{
    private const int EscapeLength = 6;
    private const int PathCharsMax = 120;

    /// <summary>The offset of the first escape of half of a surrogate pair; negative when there is none.</summary>
    public static int IndexOfLone(ReadOnlySpan<byte> json)
    {
        // Most have no escape at all, and to look for one byte takes half as long as for two.
        var at = json.IndexOf((byte)'\\');
        if (at < 0 || json[at..].IndexOf("\\u"u8) < 0)
        {
            return -1;
        }

        // The \ that was found may itself be escaped: go through all of them from the first.
        while (at >= 0)
        {
            var length = 2;
            if (TryReadUnit(json[at..], out var unit))
            {
                length = EscapeLength;
                if (char.IsHighSurrogate(unit)
                    && TryReadUnit(json[(at + EscapeLength)..], out var second) && char.IsLowSurrogate(second))
                {
                    length = 2 * EscapeLength;
                }
                else if (char.IsSurrogate(unit))
                {
                    return at;
                }
            }

            at = Math.Min(at + length, json.Length);
            var next = json[at..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + next;
        }

        return -1;
    }

    /// <summary>Why a request with such an escape is refused, and where it has it; null when there is none.</summary>
    public static SysError? Refusal(ReadOnlySpan<byte> json)
    {
        var at = IndexOfLone(json);
        if (at < 0)
        {
            return null;
        }

        var escape = Encoding.ASCII.GetString(json.Slice(at, EscapeLength));
        return SysError.InvalidArgument(
            $"{PlaceOf(json, at)}: {escape} is half of a surrogate pair, which is no character",
            "send both halves, or none; text that was cut in two has its other half in the next piece");
    }

    /// <summary>
    /// Puts U+FFFD, which stands for what cannot be shown, in the place of every such escape. For JSON that others made
    /// and that must go on.
    /// </summary>
    public static void Replace(Span<byte> json)
    {
        int at;
        while ((at = IndexOfLone(json)) >= 0)
        {
            "\\ufffd"u8.CopyTo(json[at..]);
            json = json[(at + EscapeLength)..];
        }
    }

    /// <summary>What was kept before such escapes were refused, as a value that can be written again.</summary>
    public static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        if (IndexOfLone(json) < 0)
        {
            return JsonElement.Parse(json);
        }

        var whole = json.ToArray();
        Replace(whole);
        return JsonElement.Parse(whole);
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> json, out char unit)
    {
        unit = '\0';
        if (json.Length < EscapeLength || !json.StartsWith("\\u"u8)
            || !Utf8Parser.TryParse(json.Slice(2, 4), out ushort number, out var read, 'x') || read != 4)
        {
            return false;
        }

        unit = (char)number;
        return true;
    }

    /// <summary>The path to the string at an offset, as far as the JSON before it is JSON.</summary>
    private static string PlaceOf(ReadOnlySpan<byte> json, int offset)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = AbiLimits.JsonDepthMax });
        List<string> path = [];
        List<int> items = [];
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    path.RemoveAt(path.Count - 1);
                    items.RemoveAt(items.Count - 1);
                    continue;
                }

                if (reader.TokenType != JsonTokenType.PropertyName && items is [.., >= 0])
                {
                    path[^1] = string.Create(CultureInfo.InvariantCulture, $"[{items[^1]++}]");
                }

                var isName = reader.TokenType == JsonTokenType.PropertyName;
                if (reader.TokenStartIndex + reader.ValueSpan.Length >= offset)
                {
                    return Shown(path, isName);
                }

                if (isName)
                {
                    path[^1] = "." + Encoding.UTF8.GetString(reader.ValueSpan);
                }
                else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    path.Add("");
                    items.Add(reader.TokenType == JsonTokenType.StartArray ? 0 : -1);
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON from there on; what is wrong with that is another matter.
        }

        return "payload";
    }

    private static string Shown(List<string> path, bool isName)
    {
        // Of an object whose field's name is wrong, the field before it is no part of the path.
        var shown = string.Concat(isName ? path[..^1] : path).TrimStart('.');
        shown = shown.Length <= PathCharsMax ? shown : shown[..PathCharsMax] + "…";
        return isName
            ? shown.Length == 0 ? "the name of a field" : $"the name of a field of {shown}"
            : shown.Length == 0 ? "payload" : shown;
    }
}
