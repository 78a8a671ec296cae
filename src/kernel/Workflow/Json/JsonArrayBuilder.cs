namespace Analemma.Workflow.Json;

/// <summary>Collects values for an array.</summary>
public sealed class JsonArrayBuilder
{
    private JsonValue[] _items;

    /// <param name="capacity">How many are expected; more are fine.</param>
    public JsonArrayBuilder(int capacity = 4) => _items = capacity == 0 ? [] : new JsonValue[capacity];

    public int Count { get; private set; }

    public JsonValue this[int index]
    {
        get => _items.AsSpan(0, Count)[index];
        set => _items.AsSpan(0, Count)[index] = value;
    }

    /// <summary>Adds the value; an undefined one is passed over.</summary>
    public JsonArrayBuilder Add(JsonValue item)
    {
        if (item.IsUndefined)
        {
            return this;
        }

        Grow(1);
        _items[Count++] = item;
        return this;
    }

    public JsonArrayBuilder AddRange(ReadOnlySpan<JsonValue> items)
    {
        Grow(items.Length);
        items.CopyTo(_items.AsSpan(Count));
        Count += items.Length;
        return this;
    }

    /// <summary>What was collected. The builder is empty afterwards.</summary>
    public JsonArray Build()
    {
        var array = Count == 0 ? JsonArray.Empty : new JsonArray(_items, Count);
        (_items, Count) = ([], 0);
        return array;
    }

    private void Grow(int more)
    {
        if (Count + more > _items.Length)
        {
            Array.Resize(ref _items, Math.Max(Count + more, Math.Max(4, Count * 2)));
        }
    }
}
