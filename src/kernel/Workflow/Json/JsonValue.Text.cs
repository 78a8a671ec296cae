using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Analemma.Workflow.Json;

public readonly partial struct JsonValue
{
    /// <summary>Of false.</summary>
    private const int ShortBytesMax = 5;

    private const int IntegerBytesMax = 20;

    /// <summary>A character may become an escape.</summary>
    private const int EscapeBytesMax = 6;

    private const int QuoteBytes = 2;
    private const int PlainDepthMax = 32;

    /// <summary>Parses UTF-8 within <see cref="JsonLimits.Default"/>.</summary>
    /// <exception cref="JsonTextException">It is no JSON, or beyond a limit; says where.</exception>
    public static JsonValue Parse(ReadOnlySpan<byte> utf8) => Parse(utf8, JsonLimits.Default);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static JsonValue Parse(ReadOnlySpan<byte> utf8, JsonLimits limits) =>
        TryParse(utf8, limits, out var value, out var error) ? value : throw new JsonTextException(error);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static JsonValue Parse(string text) => Parse(text, JsonLimits.Default);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static JsonValue Parse(string text, JsonLimits limits) => Parse(Encoding.UTF8.GetBytes(text), limits);

    /// <summary>Parses UTF-8, or says what is wrong with it and where.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> utf8,
        JsonLimits limits,
        out JsonValue value,
        [NotNullWhen(false)] out JsonTextError? error) => JsonParser.TryParse(utf8, limits, out value, out error);

    /// <summary>As JSON in UTF-8. Undefined is written as null.</summary>
    /// <exception cref="JsonDepthException">It is nested deeper than <see cref="JsonLimits.DepthCeiling"/>.</exception>
    public byte[] ToUtf8(JsonWriteOptions options = default)
    {
        JsonWriter writer = new(options);
        writer.Value(this, 0);
        var written = writer.Written.ToArray();
        writer.Return();
        return written;
    }

    /// <inheritdoc cref="ToUtf8"/>
    public void WriteTo(IBufferWriter<byte> output, JsonWriteOptions options = default)
    {
        JsonWriter writer = new(options);
        writer.Value(this, 0);
        output.Write(writer.Written);
        writer.Return();
    }

    /// <summary>As JSON in UTF-8, piece by piece: the whole is never in memory.</summary>
    /// <exception cref="JsonDepthException">It is nested deeper than <see cref="JsonLimits.DepthCeiling"/>.</exception>
    public void WriteTo(JsonPieces pieces, JsonWriteOptions options = default)
    {
        JsonWriter writer = new(options, pieces);
        writer.Value(this, 0);
        writer.End();
    }

    /// <summary>How many bytes <see cref="ToUtf8"/> gives.</summary>
    public int Utf8Length(JsonWriteOptions options = default)
    {
        JsonWriter writer = new(options, static _ => { });
        writer.Value(this, 0);
        writer.Return();
        return (int)writer.Length;
    }

    /// <summary>Whether <see cref="ToUtf8"/> gives more bytes than that.</summary>
    public bool IsLongerThan(int bytes, JsonWriteOptions options = default)
    {
        var left = bytes;
        if (options.Indent == 0 && IsSurelyWithin(ref left, PlainDepthMax))
        {
            return false;
        }

        try
        {
            return Utf8Length(options with { BytesMax = bytes }) > bytes;
        }
        catch (JsonSizeException)
        {
            return true;
        }
    }

    // Most values are far from any limit, and need not be written to know that.
    private bool IsSurelyWithin(ref int left, int depth)
    {
        switch (Kind)
        {
            case JsonKind.Undefined or JsonKind.Null or JsonKind.Boolean:
                left -= ShortBytesMax;
                break;
            case JsonKind.Number when IsInt64:
                left -= IntegerBytesMax;
                break;
            case JsonKind.String:
                left -= (int)Math.Min(((long)AsString().Length * EscapeBytesMax) + QuoteBytes, int.MaxValue);
                break;
            case JsonKind.Array when depth > 0:
                foreach (var item in AsArray().Items)
                {
                    left--;
                    if (!item.IsSurelyWithin(ref left, depth - 1))
                    {
                        return false;
                    }
                }

                left -= QuoteBytes;
                break;
            case JsonKind.Object when depth > 0:
                var members = AsObject();
                for (var i = 0; i < members.Count; i++)
                {
                    left -= (int)Math.Min(
                        ((long)members.NameAt(i).Length * EscapeBytesMax) + QuoteBytes + 2, int.MaxValue);
                    if (left < 0 || !members.ValueAt(i).IsSurelyWithin(ref left, depth - 1))
                    {
                        return false;
                    }
                }

                left -= QuoteBytes;
                break;
            default:
                return false;
        }

        return left >= 0;
    }

    /// <inheritdoc cref="ToUtf8"/>
    public string ToString(JsonWriteOptions options)
    {
        JsonWriter writer = new(options);
        writer.Value(this, 0);
        var text = Encoding.UTF8.GetString(writer.Written);
        writer.Return();
        return text;
    }

    /// <summary>As JSON on one line, as JSON.stringify gives it.</summary>
    public override string ToString() => ToString(default);
}
