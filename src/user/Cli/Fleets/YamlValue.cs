namespace Analemma.Cli.Fleets;

/// <summary>A value of a YAML document, with its place. What a plain word means is for who expects it.</summary>
internal abstract record YamlValue(Place Place)
{
    /// <summary>What it is, for a person.</summary>
    public abstract string Kind { get; }
}

/// <summary>A scalar. Plain ones, without quotes, may be meant as a number, a flag or nothing.</summary>
internal sealed record YamlText(Place Place, string Text, bool IsPlain) : YamlValue(Place)
{
    public override string Kind => IsNull ? "nothing" : $"'{(Text.Length > 60 ? $"{Text[..60]}…" : Text)}'";

    /// <summary>The core schema's null: YAML 1.2.2, 10.3.2.</summary>
    public bool IsNull => IsPlain && Text is ("" or "~" or "null" or "Null" or "NULL");
}

internal sealed record YamlList(Place Place, IReadOnlyList<YamlValue> Items) : YamlValue(Place)
{
    public override string Kind => "a list";
}

/// <summary>A mapping, in the order of the file. Its keys are texts, each there once.</summary>
internal sealed record YamlMap(Place Place, IReadOnlyList<YamlEntry> Entries) : YamlValue(Place)
{
    public override string Kind => "a mapping";

    public YamlEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key);

    /// <summary>This, and what only the other has; mappings in both are merged in the same way.</summary>
    public YamlMap Over(YamlMap below)
    {
        List<YamlEntry> entries = [];
        foreach (var entry in Entries)
        {
            entries.Add(entry.Value is YamlMap map && below.Find(entry.Key)?.Value is YamlMap other
                ? entry with { Value = map.Over(other) }
                : entry);
        }

        entries.AddRange(below.Entries.Where(entry => Find(entry.Key) is null));
        return this with { Entries = entries };
    }
}

internal sealed record YamlEntry(string Key, Place KeyPlace, YamlValue Value);
