using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Analemma.Workflow.Json;

/// <summary>
/// From UTF-8 to a value, strictly by RFC 8259. Of two members with one name the last counts. Names that come again,
/// and sets of names that come again, are held once.
/// </summary>
internal ref struct JsonParser
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly JsonLimits _limits;
    private Utf8JsonReader _reader;
    private JsonNames _names;
    private JsonValue[] _stack;
    private string[] _nameStack;
    private int _count;
    private int _nameCount;

    private JsonParser(ReadOnlySpan<byte> utf8, JsonLimits limits)
    {
        _limits = limits;
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonLimits.DepthCeiling + 2 });
        _names = default;
        _stack = [];
        _nameStack = [];
    }

    public static bool TryParse(
        ReadOnlySpan<byte> utf8,
        JsonLimits limits,
        out JsonValue value,
        [NotNullWhen(false)] out JsonTextError? error)
    {
        value = default;
        if (utf8.Length > limits.BytesMax)
        {
            var message = $"the text has {utf8.Length} bytes; at most {limits.BytesMax} are taken";
            error = new JsonTextError(JsonTextProblem.TooLarge, 0, 0, message);
            return false;
        }

        JsonParser parser = new(utf8, limits);
        try
        {
            parser._reader.Read();
            value = parser.Value(0);
            parser._reader.Read();
            error = null;
            return true;
        }
        catch (JsonException wrong)
        {
            error = new JsonTextError(
                JsonTextProblem.Syntax,
                (wrong.LineNumber ?? 0) + 1,
                (wrong.BytePositionInLine ?? 0) + 1,
                FirstSentence(wrong.Message));
        }
        catch (JsonTextException wrong)
        {
            error = wrong.Error;
        }
        catch (DecoderFallbackException)
        {
            error = At(utf8, parser._reader.TokenStartIndex, JsonTextProblem.InvalidUtf8, "a string is not UTF-8");
        }

        value = default;
        return false;
    }

    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static JsonTextError At(ReadOnlySpan<byte> utf8, long offset, JsonTextProblem problem, string message)
    {
        var before = utf8[..(int)offset];
        var line = before.Count((byte)'\n') + 1;
        return new JsonTextError(problem, line, offset - before.LastIndexOf((byte)'\n'), message);
    }

    private JsonValue Value(int depth)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return Object(depth + 1);
            case JsonTokenType.StartArray:
                return Array(depth + 1);
            case JsonTokenType.String:
                return JsonValue.From(Text());
            case JsonTokenType.Number:
                return Number();
            case JsonTokenType.True:
                return JsonValue.True;
            case JsonTokenType.False:
                return JsonValue.False;
            default:
                return JsonValue.Null;
        }
    }

    private JsonValue Array(int depth)
    {
        CheckDepth(depth);
        var start = _count;
        while (_reader.Read() && _reader.TokenType is not JsonTokenType.EndArray)
        {
            Push(Value(depth));
        }

        return JsonValue.From(_count == start ? JsonArray.Empty : ArrayFrom(start));
    }

    private JsonArray ArrayFrom(int start)
    {
        var items = Pop(start);
        return new JsonArray(items, items.Length);
    }

    private JsonValue Object(int depth)
    {
        CheckDepth(depth);
        var start = _count;
        var firstName = _nameCount;
        while (_reader.Read() && _reader.TokenType is JsonTokenType.PropertyName)
        {
            PushName(_names.Get(ref _reader, this));
            _reader.Read();
            Push(Value(depth));
        }

        if (_count == start)
        {
            return JsonValue.From(JsonObject.Empty);
        }

        var names = _nameStack.AsSpan(firstName, _nameCount - firstName);
        _nameCount = firstName;
        if (_names.ShapeOf(names) is { } shape)
        {
            return JsonValue.From(new JsonObject(shape, Pop(start)));
        }

        // A name came twice.
        JsonObjectBuilder builder = new(names.Length);
        for (var i = 0; i < names.Length; i++)
        {
            builder.Set(names[i], _stack[start + i]);
        }

        _stack.AsSpan(start, _count - start).Clear();
        _count = start;
        return JsonValue.From(builder.Build());
    }

    private void CheckDepth(int depth)
    {
        if (depth > Math.Min(_limits.DepthMax, JsonLimits.DepthCeiling)
            || (depth % 16 == 0 && !RuntimeHelpers.TryEnsureSufficientExecutionStack()))
        {
            throw new JsonTextException(new JsonTextError(
                JsonTextProblem.TooDeep,
                0,
                0,
                $"the text is nested deeper than {_limits.DepthMax} levels, at byte {_reader.TokenStartIndex}"));
        }
    }

    internal readonly string Text()
    {
        var raw = _reader.ValueSpan;
        return raw.Length == 0 ? ""
            : _reader.ValueIsEscaped ? JsonText.Unescape(raw, Strict)
            : Strict.GetString(raw);
    }

    private readonly JsonValue Number()
    {
        var raw = _reader.ValueSpan;
        if (raw.Length > JsonLimits.NumberCharsMax)
        {
            throw new JsonTextException(new JsonTextError(
                JsonTextProblem.NumberTooLong,
                0,
                0,
                $"the number at byte {_reader.TokenStartIndex} has more than {JsonLimits.NumberCharsMax} characters"));
        }

        if (raw.IndexOfAny(".eE"u8) < 0)
        {
            return _reader.TryGetInt64(out var whole)
                ? JsonValue.From(whole)
                : JsonValue.FromBig(Encoding.ASCII.GetString(raw));
        }

        return _reader.TryGetDouble(out var number) && double.IsFinite(number)
            ? JsonValue.FromWritten(number)
            : JsonValue.FromBig(Encoding.ASCII.GetString(raw));
    }

    private void Push(JsonValue value)
    {
        if (_count == _stack.Length)
        {
            System.Array.Resize(ref _stack, Math.Max(16, _count * 2));
        }

        _stack[_count++] = value;
    }

    private void PushName(string name)
    {
        if (_nameCount == _nameStack.Length)
        {
            System.Array.Resize(ref _nameStack, Math.Max(16, _nameCount * 2));
        }

        _nameStack[_nameCount++] = name;
    }

    private JsonValue[] Pop(int start)
    {
        var top = _stack.AsSpan(start, _count - start);
        var items = top.ToArray();
        _count = start;
        return items;
    }
}
