using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Analemma.Workflow.Json;

/// <summary>Takes text piece by piece.</summary>
public delegate void JsonPieces(ReadOnlySpan<byte> utf8);

/// <summary>From a value to UTF-8: the least that is escaped (RFC 8259 §7), names in their order.</summary>
internal ref struct JsonWriter
{
    private const int IntegerBytesMax = 20;
    private const int BytesCeiling = 1024 * 1024 * 1024;
    private const int PieceBytes = 32 * 1024;
    private const int PieceChars = 8 * 1024;
    private const int KeptBytes = 4 * 1024;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\',
            .. Enumerable.Range(0xD800, 0x800).Select(code => (char)code)]);

    /// <summary>What this thread has written into before: most values are small, and written often.</summary>
    [ThreadStatic]
    private static byte[]? _kept;

    private readonly JsonWriteOptions _options;
    private readonly int _bytesMax;
    private readonly JsonPieces? _pieces;
    private byte[] _buffer;
    private int _count;
    private long _handedOn;

    /// <param name="options">How.</param>
    /// <param name="pieces">Takes what is written, when there is enough of it; null to keep it all.</param>
    public JsonWriter(JsonWriteOptions options, JsonPieces? pieces = null)
    {
        _options = options;
        _pieces = pieces;
        _bytesMax = options.BytesMax > 0 ? options.BytesMax : BytesCeiling;
        _buffer = _bytesMax >= KeptBytes && _kept is { } kept ? kept : new byte[Math.Min(256, _bytesMax)];
        _kept = null;
    }

    /// <summary>Whether a number was infinite or none, and null was written for it.</summary>
    public bool HasNoNumber { get; private set; }

    /// <summary>All of it, or what has not been handed on.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _count);

    /// <summary>Bytes of all that was written.</summary>
    public readonly long Length => _handedOn + _count;

    /// <summary>Nobody needs what is written any more.</summary>
    public readonly void Return()
    {
        if (_buffer.Length <= KeptBytes)
        {
            _kept = _buffer;
        }
    }

    /// <summary>Hands on what is left.</summary>
    public void End()
    {
        if (_count > 0)
        {
            HandOn();
        }
    }

    public void Value(JsonValue value, int depth)
    {
        switch (value.Kind)
        {
            case JsonKind.Undefined or JsonKind.Null:
                Raw("null"u8);
                break;
            case JsonKind.Boolean:
                Raw(value.IsTrue ? "true"u8 : "false"u8);
                break;
            case JsonKind.Number:
                Number(value);
                break;
            case JsonKind.String:
                Text(value.AsString());
                break;
            case JsonKind.Array:
                JsonLimits.CheckDepth(depth);
                Array(value.AsArray(), depth + 1);
                break;
            case JsonKind.Object:
                JsonLimits.CheckDepth(depth);
                Object(value.AsObject(), depth + 1);
                break;
            case JsonKind.Opaque:
                Raw("\"\""u8);
                break;
        }
    }

    private void Array(JsonArray array, int depth)
    {
        Byte((byte)'[');
        for (var i = 0; i < array.Count; i++)
        {
            Separate(i, depth);
            Value(array[i], depth);
        }

        End(array.Count, depth - 1);
        Byte((byte)']');
    }

    private void Object(JsonObject members, int depth)
    {
        Byte((byte)'{');
        for (var i = 0; i < members.Count; i++)
        {
            Separate(i, depth);
            Text(members.NameAt(i));
            Byte((byte)':');
            if (_options.Indent > 0)
            {
                Byte((byte)' ');
            }

            Value(members.ValueAt(i), depth);
        }

        End(members.Count, depth - 1);
        Byte((byte)'}');
    }

    private void Separate(int index, int depth)
    {
        if (index > 0)
        {
            Byte((byte)',');
        }

        if (_options.Indent > 0)
        {
            NewLine(depth);
        }
    }

    private void End(int count, int depth)
    {
        if (count > 0 && _options.Indent > 0)
        {
            NewLine(depth);
        }
    }

    private void NewLine(int depth)
    {
        Byte((byte)'\n');
        var spaces = depth * _options.Indent;
        Room(spaces).Fill((byte)' ');
        _count += spaces;
    }

    private void Number(JsonValue value)
    {
        if (value.IsInt64 && value.TryGetInt64(out var whole))
        {
            // Not straight into its place: there may be room for it and not for the longest that there is.
            Span<byte> digits = stackalloc byte[IntegerBytesMax];
            Utf8Formatter.TryFormat(whole, digits, out var written);
            Raw(digits[..written]);
            return;
        }

        var number = value.AsDouble();
        HasNoNumber |= !double.IsFinite(number);
        if (_options.IsRounded && double.IsFinite(number))
        {
            number = JsonNumberText.Rounded(number);
        }
        else if (value.IsBigNumber(out var big))
        {
            Ascii(big);
            return;
        }

        Ascii(JsonNumberText.Format(number, _options.Style));
    }

    private void Text(string text)
    {
        Byte((byte)'"');
        var rest = text.AsSpan();
        while (true)
        {
            var plain = rest.IndexOfAny(Escaped);
            if (plain < 0)
            {
                Plain(rest);
                break;
            }

            Plain(rest[..plain]);
            var isPair = plain + 1 < rest.Length && char.IsSurrogatePair(rest[plain], rest[plain + 1]);
            if (isPair)
            {
                Plain(rest.Slice(plain, 2));
            }
            else
            {
                Escape(rest[plain]);
            }

            rest = rest[(plain + (isPair ? 2 : 1))..];
        }

        Byte((byte)'"');
    }

    private void Escape(char character)
    {
        switch (character)
        {
            case '"' or '\\':
                Byte((byte)'\\');
                Byte((byte)character);
                break;
            case '\b':
                Raw("\\b"u8);
                break;
            case '\f':
                Raw("\\f"u8);
                break;
            case '\n':
                Raw("\\n"u8);
                break;
            case '\r':
                Raw("\\r"u8);
                break;
            case '\t':
                Raw("\\t"u8);
                break;
            default:
                Ascii("\\u" + ((int)character).ToString("x4", CultureInfo.InvariantCulture));
                break;
        }
    }

    private void Plain(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        while (_pieces is not null && text.Length > PieceChars)
        {
            // No half of a pair is in here, so it can be cut anywhere.
            Encode(text[..PieceChars]);
            text = text[PieceChars..];
        }

        Encode(text);
    }

    private void Encode(ReadOnlySpan<char> text)
    {
        // Room for the worst is asked for only where it may come true.
        var worst = text.Length * 3;
        var room = Room(worst <= _buffer.Length - _count ? worst : Encoding.UTF8.GetByteCount(text));
        Utf8.FromUtf16(text, room, out _, out var written);
        _count += written;
    }

    private void Ascii(string text) => _count += Encoding.ASCII.GetBytes(text, Room(text.Length));

    private void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _count += bytes.Length;
    }

    private void Byte(byte value)
    {
        if (_count == _buffer.Length)
        {
            Room(1);
        }

        _buffer[_count++] = value;
    }

    private Span<byte> Room(int length)
    {
        if (_buffer.Length - _count < length)
        {
            if (_handedOn + _count + length > _bytesMax)
            {
                throw new JsonSizeException(_bytesMax);
            }

            if (_pieces is not null && _count >= PieceBytes)
            {
                HandOn();
                return Room(length);
            }

            var doubled = (int)Math.Min(_buffer.Length * 2L, _bytesMax);
            System.Array.Resize(ref _buffer, Math.Max(doubled, _count + length));
        }

        return _buffer.AsSpan(_count, length);
    }

    private void HandOn()
    {
        _pieces!(Written);
        _handedOn += _count;
        _count = 0;
    }
}
