using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>
/// Reads plain JSON forwards, in UTF-8 that is known to be valid. Every method answers false for what is out of the
/// ordinary or wrong, and the text is then for the serializer to look at from its start.
/// </summary>
internal ref struct QuickJsonReader(ReadOnlySpan<byte> json)
{
    private const int NamesKept = 64;

    /// <summary>What ends a run of characters in a string: its end, an escape, and what may not be in one.</summary>
    private static readonly SearchValues<byte> Stops =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(each => (byte)each), (byte)'"', (byte)'\\']);

    /// <summary>Names that came lately: the same few come again and again.</summary>
    [ThreadStatic]
    private static string?[]? _names;

    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;

    /// <summary>Where an object begins.</summary>
    public bool Open(byte bracket) => Take(bracket);

    /// <summary>The next field's name, up to its value; empty at the end of the object.</summary>
    public bool NextName(bool first, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (Take((byte)'}'))
        {
            return true;
        }

        if ((!first && !Take((byte)',')) || !TakeString(out name, out var escaped) || escaped || name.IsEmpty)
        {
            return false;
        }

        return Take((byte)':');
    }

    /// <summary>True when nothing but space follows.</summary>
    public bool EndsHere()
    {
        SkipSpace();
        return _at == _json.Length;
    }

    /// <summary>A text without escapes.</summary>
    public bool Read(ref string? value)
    {
        if (value is not null || !TakeString(out var text, out var escaped) || escaped)
        {
            return false;
        }

        value = Name(text);
        return true;
    }

    /// <summary>A whole number.</summary>
    public bool Read(ref long? value)
    {
        SkipSpace();
        var rest = _json[_at..];
        if (value is not null || !Utf8Parser.TryParse(rest, out long number, out var used) || !TakeNumber(out var text))
        {
            return false;
        }

        value = number;
        return text.Length == used;
    }

    public bool Read(ref bool? value)
    {
        if (value is not null)
        {
            return false;
        }

        value = TakeWord("true"u8);
        return value is true || TakeWord("false"u8);
    }

    /// <summary>A body that is not null, in the outermost object.</summary>
    public bool Read(ref MailBody? value) => ReadBody(1, ref value);

    /// <summary>The same, in so many objects.</summary>
    public bool ReadBody(int depth, ref MailBody? value)
    {
        SkipSpace();
        return value is null && Peek() != 'n' && TakeBody(depth, out value);
    }

    /// <summary>An array of bodies.</summary>
    public bool Read(ref IReadOnlyList<MailBody>? value)
    {
        if (value is not null || !Take((byte)'['))
        {
            return false;
        }

        List<MailBody> bodies = new(64);
        value = bodies;
        if (Take((byte)']'))
        {
            return true;
        }

        do
        {
            if (!TakeBody(2, out var body))
            {
                return false;
            }

            bodies.Add(body);
        }
        while (Take((byte)','));
        return Take((byte)']');
    }

    private static string Name(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > NamesKept)
        {
            return Encoding.UTF8.GetString(text);
        }

        var names = _names ??= new string?[NamesKept];
        ref var kept = ref names[((text.Length * 31) + (text[0] * 7) + text[^1]) % NamesKept];
        if (kept is null || kept.Length != text.Length || !Ascii.Equals(text, kept))
        {
            kept = Encoding.UTF8.GetString(text);
        }

        return kept;
    }

    private static MailBody Copy(ReadOnlySpan<byte> text)
    {
        var own = GC.AllocateUninitializedArray<byte>(text.Length);
        text.CopyTo(own);
        return new MailBody(own);
    }

    private bool TakeBody(int depth, [NotNullWhen(true)] out MailBody? body)
    {
        SkipSpace();
        var start = _at;
        var taken = Peek() switch
        {
            '"' => TakeString(out _, out _),
            '{' or '[' => TakeNested(depth),
            't' => TakeWord("true"u8),
            'f' => TakeWord("false"u8),
            'n' => TakeWord("null"u8),
            _ => TakeNumber(out _),
        };
        body = taken ? Copy(_json[start.._at]) : null;
        return taken;
    }

    /// <summary>An object or array without space between its parts: with some, the serializer takes that out.</summary>
    private bool TakeNested(int depth)
    {
        Utf8JsonReader reader = new(_json[_at..], new JsonReaderOptions { MaxDepth = AbiLimits.JsonDepthMax - depth });
        var (parts, last) = (0L, JsonTokenType.None);
        try
        {
            do
            {
                if (!reader.Read())
                {
                    return false;
                }

                var isString = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
                var ends = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
                var comma = !ends && last is not (JsonTokenType.None or JsonTokenType.StartObject
                    or JsonTokenType.StartArray or JsonTokenType.PropertyName);
                parts += reader.ValueSpan.Length + (isString ? 2 : 0) + (comma ? 1 : 0)
                    + (reader.TokenType is JsonTokenType.PropertyName ? 1 : 0);
                last = reader.TokenType;
            }
            while (reader.CurrentDepth > 0 || last is JsonTokenType.StartObject or JsonTokenType.StartArray);
        }
        catch (JsonException)
        {
            return false;
        }

        _at += (int)reader.BytesConsumed;
        return parts == reader.BytesConsumed;
    }

    private bool TakeNumber(out ReadOnlySpan<byte> text)
    {
        var start = _at;
        _ = TakeByte((byte)'-');
        var whole = Digits();
        var isNumber = whole > 0 && (whole == 1 || _json[_at - whole] != '0');
        if (TakeByte((byte)'.'))
        {
            isNumber &= Digits() > 0;
        }

        if (TakeByte((byte)'e') || TakeByte((byte)'E'))
        {
            _ = TakeByte((byte)'+') || TakeByte((byte)'-');
            isNumber &= Digits() > 0;
        }

        text = _json[start.._at];
        return isNumber;
    }

    private int Digits()
    {
        var start = _at;
        while (_at < _json.Length && char.IsAsciiDigit((char)_json[_at]))
        {
            _at++;
        }

        return _at - start;
    }

    /// <summary>What is between the quotes, as it stands.</summary>
    private bool TakeString(out ReadOnlySpan<byte> text, out bool escaped)
    {
        text = default;
        escaped = false;
        if (!Take((byte)'"'))
        {
            return false;
        }

        var start = _at;
        while (true)
        {
            var run = _json[_at..].IndexOfAny(Stops);
            if (run < 0)
            {
                return false;
            }

            _at += run;
            switch (_json[_at])
            {
                case (byte)'"':
                    text = _json[start.._at++];
                    return true;
                case (byte)'\\' when TakeEscape():
                    escaped = true;
                    break;
                default:
                    return false;
            }
        }
    }

    private bool TakeEscape()
    {
        var rest = _json[(_at + 1)..];
        if (rest.Length > 0 && "\"\\/bfnrt"u8.Contains(rest[0]))
        {
            _at += 2;
            return true;
        }

        if (rest.Length < 5 || rest[0] != 'u')
        {
            return false;
        }

        for (var i = 1; i < 5; i++)
        {
            if (!char.IsAsciiHexDigit((char)rest[i]))
            {
                return false;
            }
        }

        _at += 6;
        return true;
    }

    private bool TakeWord(ReadOnlySpan<byte> word)
    {
        SkipSpace();
        if (!_json[_at..].StartsWith(word))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private bool Take(byte sign)
    {
        SkipSpace();
        return TakeByte(sign);
    }

    private bool TakeByte(byte sign)
    {
        if (_at < _json.Length && _json[_at] == sign)
        {
            _at++;
            return true;
        }

        return false;
    }

    private readonly char Peek() => _at < _json.Length ? (char)_json[_at] : '\0';

    private void SkipSpace()
    {
        while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
        }
    }
}
