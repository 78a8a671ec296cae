namespace Analemma.Workflow.Json;

/// <summary>Collects members for an object, in order.</summary>
public sealed class JsonObjectBuilder
{
    /// <summary>Up to here, looking at each name is faster than a dictionary.</summary>
    private const int ScanMax = 8;

    private string[] _names;
    private JsonValue[] _values;
    private Dictionary<string, int>? _index;

    /// <param name="capacity">How many are expected; more are fine.</param>
    public JsonObjectBuilder(int capacity = 4)
    {
        _names = capacity == 0 ? [] : new string[capacity];
        _values = capacity == 0 ? [] : new JsonValue[capacity];
    }

    /// <summary>Begins with what another object has.</summary>
    public JsonObjectBuilder(JsonObject members)
        : this(members.Count + 4)
    {
        members.Names.CopyTo(_names);
        members.Values.CopyTo(_values);
        Count = members.Count;
    }

    public int Count { get; private set; }

    /// <summary>The member as it is so far, or undefined.</summary>
    public JsonValue this[string name] => IndexOf(name) is var index and >= 0 ? _values[index] : default;

    /// <summary>Adds the member or replaces its value; an undefined value is passed over.</summary>
    public JsonObjectBuilder Set(string name, JsonValue value)
    {
        if (value.IsUndefined)
        {
            return this;
        }

        var index = IndexOf(name);
        if (index >= 0)
        {
            _values[index] = value;
            return this;
        }

        if (Count == _names.Length)
        {
            var capacity = Math.Max(4, Count * 2);
            Array.Resize(ref _names, capacity);
            Array.Resize(ref _values, capacity);
        }

        _names[Count] = name;
        _values[Count] = value;
        _index?.Add(name, Count);
        Count++;
        return this;
    }

    /// <summary>What was collected. The builder is empty afterwards.</summary>
    public JsonObject Build()
    {
        if (Count == 0)
        {
            return JsonObject.Empty;
        }

        Array.Resize(ref _names, Count);
        Array.Resize(ref _values, Count);
        JsonObject built = new(new JsonShape(_names), _values);
        (_names, _values, _index, Count) = ([], [], null, 0);
        return built;
    }

    private int IndexOf(string name)
    {
        if (Count > ScanMax)
        {
            _index ??= Indexed();
            return _index.GetValueOrDefault(name, -1);
        }

        for (var i = 0; i < Count; i++)
        {
            if (string.Equals(_names[i], name))
            {
                return i;
            }
        }

        return -1;
    }

    private Dictionary<string, int> Indexed()
    {
        Dictionary<string, int> index = new(Count * 2, StringComparer.Ordinal);
        for (var i = 0; i < Count; i++)
        {
            index.Add(_names[i], i);
        }

        return index;
    }
}
