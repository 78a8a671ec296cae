namespace Analemma.Workflow.Json;

/// <summary>What an expression knows of an array beyond its values. Gone when it is written.</summary>
[Flags]
internal enum JsonArrayMarks : byte
{
    None = 0,

    /// <summary>A result sequence: one value alone stands for itself, none for nothing.</summary>
    Sequence = 1,

    /// <summary>But this one stays an array, though it has one value.</summary>
    KeepSingleton = 2,

    /// <summary>Holds the input, which is an array, as its one value.</summary>
    OuterWrapper = 4,

    /// <summary>Made by an array constructor, so not flattened into what is around it.</summary>
    Constructed = 8,
}

/// <summary>Values in order. Immutable; holds no <see cref="JsonKind.Undefined"/>.</summary>
public sealed class JsonArray
{
    private readonly JsonValue[] _items;
    private long _measure;

    /// <summary>Takes the array over: nobody may write to it any more.</summary>
    internal JsonArray(JsonValue[] items, int count, JsonArrayMarks marks = JsonArrayMarks.None)
    {
        _items = items;
        Count = count;
        Marks = marks;
    }

    public static JsonArray Empty { get; } = new([], 0);

    public int Count { get; }

    internal JsonArrayMarks Marks { get; }

    /// <summary>Once somebody has asked.</summary>
    internal JsonMeasure Measure
    {
        get => JsonMeasure.From(_measure);
        set => _measure = value.Packed;
    }

    public ReadOnlySpan<JsonValue> Items => _items.AsSpan(0, Count);

    public JsonValue this[int index] => Items[index];

    /// <exception cref="ArgumentException">One of the values is undefined.</exception>
    public static JsonArray Of(params ReadOnlySpan<JsonValue> items)
    {
        foreach (var item in items)
        {
            if (item.IsUndefined)
            {
                throw new ArgumentException("an array holds no undefined value", nameof(items));
            }
        }

        return items.IsEmpty ? Empty : new JsonArray(items.ToArray(), items.Length);
    }

    public JsonArray Append(JsonValue item)
    {
        var items = new JsonValue[Count + 1];
        Items.CopyTo(items);
        items[Count] = item.IsDefined ? item : throw new ArgumentException("an array holds no undefined value");
        return new JsonArray(items, items.Length);
    }

    /// <summary>The same with another value at <paramref name="index"/>.</summary>
    public JsonArray With(int index, JsonValue item)
    {
        var items = Items.ToArray();
        items[index] = item.IsDefined ? item : throw new ArgumentException("an array holds no undefined value");
        return new JsonArray(items, items.Length);
    }

    /// <summary>The same values under other marks.</summary>
    internal JsonArray Marked(JsonArrayMarks marks) => marks == Marks ? this : new JsonArray(_items, Count, marks);

    public ReadOnlySpan<JsonValue>.Enumerator GetEnumerator() => Items.GetEnumerator();
}
