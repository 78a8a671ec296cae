using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Analemma.Abi;

namespace Analemma.Daemon.Http.Models;

/// <summary>A request cannot be followed: why, and which field it is about.</summary>
internal sealed class WireException(string message, string? field = null, string? hint = null) : Exception(message)
{
    public string? Field { get; } = field;

    public SysError Error { get; } = SysError.InvalidArgument(message, hint);
}

/// <summary>
/// A value of a request's JSON, which knows where it stands: <c>messages[3].content</c>. A field that is absent and one
/// that is null are the same. Whatever cannot be read throws a <see cref="WireException"/> that names the field.
/// </summary>
internal readonly struct Field(JsonElement value, string path)
{
    public string Path { get; } = path;

    public JsonElement Value { get; } = value;

    public bool IsThere => Value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public bool IsText => Value.ValueKind is JsonValueKind.String;

    public bool IsList => Value.ValueKind is JsonValueKind.Array;

    public bool IsObject => Value.ValueKind is JsonValueKind.Object;

    /// <summary>A field of an object.</summary>
    public Field this[string name]
    {
        get
        {
            if (!IsThere)
            {
                return new Field(default, Inside(name));
            }

            return new Field(Object().TryGetProperty(name, out var found) ? found : default, Inside(name));
        }
    }

    /// <summary>A field that two spellings of an API write differently.</summary>
    public Field this[string name, string other] => this[name] is { IsThere: true } found ? found : this[other];

    /// <summary>The items of a list; none when it is absent.</summary>
    public IEnumerable<Field> Items()
    {
        if (!IsThere)
        {
            yield break;
        }

        if (!IsList)
        {
            throw Wrong("a list");
        }

        var index = 0;
        foreach (var item in Value.EnumerateArray())
        {
            yield return new Field(item, $"{Path}[{(index++).ToString(CultureInfo.InvariantCulture)}]");
        }
    }

    public string? Text() => !IsThere ? null : IsText ? String() : throw Wrong("a string");

    public string RequiredText() => Text() is { Length: > 0 } text ? text : throw Missing();

    public double? Number() => !IsThere ? null
        : Value.ValueKind is JsonValueKind.Number && Value.TryGetDouble(out var number) ? number
        : throw Wrong("a number");

    public long? Whole() => !IsThere ? null
        : Value.ValueKind is JsonValueKind.Number && Value.TryGetInt64(out var number) ? number
        : throw Wrong("a whole number");

    public bool? Flag() => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => !IsThere ? null : throw Wrong("true or false"),
    };

    /// <summary>An object as it is, which outlives the request; null when it is absent.</summary>
    public JsonElement? Json() => !IsThere ? null : IsObject ? Value.Clone() : throw Wrong("an object");

    /// <summary>An object that is written as a string.</summary>
    public JsonElement JsonText()
    {
        var text = Text();
        if (string.IsNullOrWhiteSpace(text))
        {
            return JsonElement.Parse("{}");
        }

        try
        {
            var parsed = JsonElement.Parse(text);
            return parsed.ValueKind is JsonValueKind.Object ? parsed : throw Wrong("a JSON object in a string");
        }
        catch (JsonException)
        {
            throw Wrong("a JSON object in a string");
        }
    }

    /// <summary>
    /// Refuses fields that are neither served nor known to change nothing: better a clear refusal than an answer to
    /// another question than was asked.
    /// </summary>
    public void Only(FrozenSet<string> known)
    {
        foreach (var property in Object().EnumerateObject())
        {
            if (!known.Contains(property.Name) && property.Value.ValueKind is not JsonValueKind.Null)
            {
                throw new WireException(
                    $"{Inside(property.Name)} is not supported here", Inside(property.Name), "leave it out");
            }
        }
    }

    public WireException Missing() => new($"{Path} is missing", Path);

    public WireException Wrong(string expected) => new(
        $"{Path} must be {expected}, not {Kind(Value.ValueKind)}", Path);

    public WireException Unsupported(string why, string? hint = null) => new($"{Path}: {why}", Path, hint);

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "absent",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "such a number",
        _ => "that",
    };

    private string String()
    {
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which is no text.
            throw Wrong("valid Unicode");
        }
    }

    private JsonElement Object() => IsObject ? Value : throw Wrong("an object");

    private string Inside(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
