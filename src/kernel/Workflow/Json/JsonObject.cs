namespace Analemma.Workflow.Json;

/// <summary>Values by name, in the order given. Immutable; holds no <see cref="JsonKind.Undefined"/>.</summary>
public sealed class JsonObject
{
    private JsonValue[] _values;
    private long _measure;

    /// <summary>Takes the values over: nobody may write to them any more. One for each name of the shape.</summary>
    internal JsonObject(JsonShape shape, JsonValue[] values)
    {
        Shape = shape;
        _values = values;
    }

    public static JsonObject Empty { get; } = new(JsonShape.Empty, []);

    public int Count => _values.Length;

    public ReadOnlySpan<string> Names => Shape.Names;

    /// <summary>In the order of <see cref="Names"/>.</summary>
    public ReadOnlySpan<JsonValue> Values => _values;

    internal JsonShape Shape { get; private set; }

    /// <summary>Once somebody has asked.</summary>
    internal JsonMeasure Measure
    {
        get => JsonMeasure.From(_measure);
        set => _measure = value.Packed;
    }

    /// <summary>The member, or <see cref="JsonValue.Undefined"/>.</summary>
    public JsonValue this[string name]
    {
        get
        {
            var index = Shape.IndexOf(name);
            return index < 0 ? default : _values[index];
        }
    }

    /// <summary>From pairs; of two with one name, the last counts, at the first one's place.</summary>
    public static JsonObject Of(params ReadOnlySpan<(string Name, JsonValue Value)> members)
    {
        JsonObjectBuilder builder = new(members.Length);
        foreach (var (name, value) in members)
        {
            builder.Set(name, value);
        }

        return builder.Build();
    }

    public bool Has(string name) => Shape.IndexOf(name) >= 0;

    public bool TryGet(string name, out JsonValue value) => (value = this[name]).IsDefined;

    public string NameAt(int index) => Shape.Names[index];

    public JsonValue ValueAt(int index) => _values[index];

    /// <summary>The same with this member added or replaced; an undefined value takes it away.</summary>
    public JsonObject With(string name, JsonValue value)
    {
        if (value.IsUndefined)
        {
            return Without(name);
        }

        var index = Shape.IndexOf(name);
        if (index < 0)
        {
            JsonValue[] longer = [.. _values, value];
            return new JsonObject(Shape.With(name), longer);
        }

        JsonValue[] values = [.. _values];
        values[index] = value;
        return new JsonObject(Shape, values);
    }

    public JsonObject Without(string name)
    {
        var index = Shape.IndexOf(name);
        JsonValue[] Rest() => [.. _values.AsSpan(0, index), .. _values.AsSpan(index + 1)];
        return index < 0 ? this : new JsonObject(Shape.Without(index), Rest());
    }

    /// <summary>
    /// For a transform, which changes the copy that it has just made and nobody else has seen. The one exception to
    /// being immutable.
    /// </summary>
    internal void Become(JsonObject other) => (Shape, _values, Measure) = (other.Shape, other._values, default);

    public Enumerator GetEnumerator() => new(this);

    /// <summary>Goes through the members in order.</summary>
    public struct Enumerator
    {
        private readonly JsonObject _members;
        private int _index;

        internal Enumerator(JsonObject members)
        {
            _members = members;
            _index = -1;
        }

        public readonly KeyValuePair<string, JsonValue> Current =>
            new(_members.NameAt(_index), _members.ValueAt(_index));

        public bool MoveNext() => ++_index < _members.Count;
    }
}
