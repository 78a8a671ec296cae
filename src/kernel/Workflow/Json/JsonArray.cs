namespace Analemma.Workflow.Json;

/// <summary>Values in order. Immutable; holds no <see cref="JsonKind.Undefined"/>.</summary>
public sealed class JsonArray
{
    private readonly JsonValue[] _items;

    /// <summary>Takes the array over: nobody may write to it any more.</summary>
    internal JsonArray(JsonValue[] items, int count)
    {
        _items = items;
        Count = count;
    }

    public static JsonArray Empty { get; } = new([], 0);

    public int Count { get; }

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

    public ReadOnlySpan<JsonValue>.Enumerator GetEnumerator() => Items.GetEnumerator();
}
