using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>What a Map goes over: the elements of an array, or the entries of an object.</summary>
/// <param name="Inputs">What each item is when nothing selects another input: an element, or a pair.</param>
internal sealed record MapItems(JsonArray Inputs)
{
    /// <summary>Source of items that come from the state's input (Developer Guide, Context object).</summary>
    public const string StateData = "STATE_DATA";

    private const string Key = "Key";
    private const string Value = "Value";

    public int Count => Inputs.Count;

    /// <summary>Whether they are pairs of Key and Value.</summary>
    public bool AreEntries { get; init; }

    /// <summary>Where items come from, in their order; those beyond are of the state's input.</summary>
    public IReadOnlyList<ItemSource> Sources { get; init; } = [];

    public static MapItems Of(JsonObject entries)
    {
        JsonArrayBuilder pairs = new(entries.Count);
        foreach (var (name, value) in entries)
        {
            pairs.Add(JsonObject.Of((Key, name), (Value, value)));
        }

        return new MapItems(pairs.Build()) { AreEntries = true };
    }

    /// <summary>Map.Item of the context object, of each.</summary>
    public IEnumerable<JsonValue> Contexts()
    {
        using var sources = Sources.SelectMany(source => Enumerable.Repeat(source.Uri, source.Count)).GetEnumerator();
        for (var i = 0; i < Inputs.Count; i++)
        {
            var source = sources.MoveNext() ? sources.Current : StateData;
            yield return AreEntries
                ? JsonObject.Of(
                    ("Index", i), (Key, Inputs[i][Key]), (Value, Inputs[i][Value]), ("Source", source))
                : Context(i, Inputs[i], source);
        }
    }

    public static JsonValue Context(int index, JsonValue value, string source = StateData) =>
        JsonObject.Of(("Index", index), (Value, value), ("Source", source));
}
