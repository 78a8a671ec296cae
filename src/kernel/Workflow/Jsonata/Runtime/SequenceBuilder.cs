using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>Collects the values of a sequence.</summary>
internal struct SequenceBuilder
{
    private readonly Evaluation _run;
    private JsonValue[] _items;

    public SequenceBuilder(Evaluation run, int capacity = 0)
    {
        _run = run;
        _items = capacity == 0 ? [] : new JsonValue[capacity];
    }

    public int Count { get; private set; }

    public readonly JsonValue this[int index] => _items[index];

    public void Add(JsonValue item)
    {
        if (Count == _items.Length)
        {
            Grow(1);
        }

        _items[Count++] = item;
    }

    public void AddRange(ReadOnlySpan<JsonValue> items)
    {
        if (Count + items.Length > _items.Length)
        {
            Grow(items.Length);
        }

        items.CopyTo(_items.AsSpan(Count));
        Count += items.Length;
    }

    /// <summary>An array's values, unless it was constructed as one; else the value itself, if there is one.</summary>
    public void AddFlat(JsonValue value)
    {
        if (value.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.Constructed) == 0)
        {
            AddRange(array.Items);
        }
        else if (value.IsDefined)
        {
            Add(value);
        }
    }

    public JsonArray Build(JsonArrayMarks marks = JsonArrayMarks.Sequence)
    {
        var built = new JsonArray(_items, Count, marks);
        (_items, Count) = ([], 0);
        return built;
    }

    private void Grow(int more)
    {
        var capacity = Math.Max((long)Count + more, Math.Max(4, Count * 2L));
        _run.SpendSequence(Count + more);
        _run.Spend(capacity >> 3);
        Array.Resize(ref _items, (int)Math.Min(capacity, Array.MaxLength));
    }
}
