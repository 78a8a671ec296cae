using System.Diagnostics.CodeAnalysis;

namespace Analemma.Workflow.Json;

/// <summary>
/// Any JSON value, or none (<c>default</c>). Immutable; sixteen bytes; null, booleans and numbers allocate nothing.
/// Equality is that of content: 1 equals 1.0, and objects are equal whatever the order of their names.
/// </summary>
public readonly partial struct JsonValue : IEquatable<JsonValue>
{
    /// <summary>A tag, a string, an array, an object, a big number, something opaque; null for no value.</summary>
    private readonly object? _ref;

    /// <summary>With a tag: the number or the boolean. Else the kind.</summary>
    private readonly long _bits;

    private JsonValue(object? reference, long bits)
    {
        _ref = reference;
        _bits = bits;
    }

    public static JsonValue Undefined => default;

    public static JsonValue Null => new(JsonTag.Null, 0);

    public static JsonValue True => new(JsonTag.Boolean, 1);

    public static JsonValue False => new(JsonTag.Boolean, 0);

    public static JsonValue EmptyString => new("", (long)JsonKind.String);

    public JsonKind Kind => _ref is JsonTag tag ? tag.Kind : (JsonKind)_bits;

    public bool IsUndefined => _ref is null;

    public bool IsDefined => _ref is not null;

    public bool IsNull => ReferenceEquals(_ref, JsonTag.Null);

    public bool IsBoolean => ReferenceEquals(_ref, JsonTag.Boolean);

    public bool IsTrue => IsBoolean && _bits != 0;

    public bool IsString => _ref is string;

    public bool IsArray => _ref is JsonArray;

    public bool IsObject => _ref is JsonObject;

    /// <summary>The element, or <see cref="Undefined"/> when this is no array or has none there.</summary>
    public JsonValue this[int index] =>
        _ref is JsonArray array && index >= 0 && index < array.Count ? array[index] : default;

    /// <summary>The member, or <see cref="Undefined"/> when this is no object or has none of that name.</summary>
    public JsonValue this[string name] => _ref is JsonObject members ? members[name] : default;

    public static JsonValue From(bool value) => value ? True : False;

    public static JsonValue From(string value) => new(value, (long)JsonKind.String);

    public static JsonValue From(JsonArray value) => new(value, (long)JsonKind.Array);

    public static JsonValue From(JsonObject value) => new(value, (long)JsonKind.Object);

    internal static JsonValue From(JsonOpaque value) => new(value, (long)JsonKind.Opaque);

    public static implicit operator JsonValue(bool value) => From(value);

    public static implicit operator JsonValue(int value) => From(value);

    public static implicit operator JsonValue(long value) => From(value);

    public static implicit operator JsonValue(double value) => From(value);

    public static implicit operator JsonValue(string value) => From(value);

    public static implicit operator JsonValue(JsonArray value) => From(value);

    public static implicit operator JsonValue(JsonObject value) => From(value);

    public static bool operator ==(JsonValue left, JsonValue right) => left.Equals(right);

    public static bool operator !=(JsonValue left, JsonValue right) => !left.Equals(right);

    /// <exception cref="InvalidOperationException">This is no boolean.</exception>
    public bool AsBoolean() => IsBoolean ? _bits != 0 : throw Not(JsonKind.Boolean);

    /// <exception cref="InvalidOperationException">This is no string.</exception>
    public string AsString() => _ref as string ?? throw Not(JsonKind.String);

    /// <exception cref="InvalidOperationException">This is no array.</exception>
    public JsonArray AsArray() => _ref as JsonArray ?? throw Not(JsonKind.Array);

    /// <exception cref="InvalidOperationException">This is no object.</exception>
    public JsonObject AsObject() => _ref as JsonObject ?? throw Not(JsonKind.Object);

    public bool TryGetString([NotNullWhen(true)] out string? value) => (value = _ref as string) is not null;

    public bool TryGetArray([NotNullWhen(true)] out JsonArray? value) => (value = _ref as JsonArray) is not null;

    public bool TryGetObject([NotNullWhen(true)] out JsonObject? value) => (value = _ref as JsonObject) is not null;

    internal bool TryGetOpaque<T>([NotNullWhen(true)] out T? value)
        where T : JsonOpaque => (value = _ref as T) is not null;

    /// <summary>Whether both are one and the same array, object or string, without looking inside.</summary>
    internal bool IsSame(JsonValue other) => ReferenceEquals(_ref, other._ref) && _bits == other._bits;

    public bool Equals(JsonValue other) => JsonEquality.AreEqual(this, other, 0);

    public override bool Equals(object? obj) => obj is JsonValue other && Equals(other);

    /// <summary>The same in every process and run.</summary>
    public override int GetHashCode() => JsonEquality.Hash(this, 0);

    private InvalidOperationException Not(JsonKind wanted) => new($"the value is {Kind}, not {wanted}");
}
