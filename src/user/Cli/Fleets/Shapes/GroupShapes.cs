using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Analemma.Abi;

namespace Analemma.Cli.Fleets.Shapes;

/// <summary>A list of values of one shape.</summary>
internal sealed class ListShape(Shape item, int min, int max) : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlList list)
        {
            return reading.Wrong(value, $"{value.Kind} is no list", "write [a, b], or a line with - for each");
        }

        if (list.Items.Count < min || list.Items.Count > max)
        {
            return reading.Wrong(
                value,
                string.Create(
                    CultureInfo.InvariantCulture, $"a list of {list.Items.Count}; {min} to {max} are expected"));
        }

        JsonArray read = [];
        for (var at = 0; at < list.Items.Count; at++)
        {
            read.Add(reading.Inside(string.Create(CultureInfo.InvariantCulture, $"[{at}]"), list.Items[at], item));
        }

        return read;
    }

    public override JsonObject Schema() =>
        new() { ["type"] = "array", ["items"] = item.Schema(), ["minItems"] = min, ["maxItems"] = max };
}

/// <summary>A mapping whose keys are names that the owner chooses.</summary>
internal sealed class NamedShape(Shape shape, string what, string pattern, int max, string? nameField = null) : Shape
{
    private readonly Regex _name = new(pattern, RegexOptions.NonBacktracking);

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlMap map)
        {
            reading.Wrong(value, $"{value.Kind} is no mapping", $"write a line 'NAME: …' for each {what}");
            ReadItems(value, reading);
            return null;
        }

        if (map.Entries.Count > max)
        {
            reading.Wrong(value, string.Create(
                CultureInfo.InvariantCulture, $"{map.Entries.Count} of them; at most {max}"));
        }

        JsonObject byName = [];
        JsonArray asList = [];
        foreach (var entry in map.Entries)
        {
            if (!_name.IsMatch(entry.Key))
            {
                reading.Wrong(entry.KeyPlace, reading.Path, $"'{entry.Key}' is no name of {what}", NameHint);
            }

            var read = reading.Inside(entry.Key, entry.Value, shape);
            if (nameField is null)
            {
                byName[entry.Key] = read;
            }
            else if (read is JsonObject one)
            {
                one.Insert(0, nameField, entry.Key);
                asList.Add(one);
            }
        }

        return nameField is null ? byName : asList;
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = pattern },
        ["additionalProperties"] = shape.Schema(),
        ["maxProperties"] = max,
    };

    /// <summary>Who writes a list with names inside is told of the mistakes in its items all the same.</summary>
    private void ReadItems(YamlValue value, ShapeReading reading)
    {
        var items = value is YamlList list && nameField is not null ? list.Items : [];
        for (var at = 0; at < items.Count; at++)
        {
            var item = items[at] is YamlMap one
                ? one with { Entries = [.. one.Entries.Where(entry => entry.Key != "name")] } : items[at];
            reading.Inside(string.Create(CultureInfo.InvariantCulture, $"[{at}]"), item, shape);
        }
    }

    private string NameHint => pattern == FleetShape.NamePattern
        ? $"1 to {AbiLimits.NameLengthMax} letters, digits, and . _ - inside"
        : "letters, digits and _, no digit first";
}

/// <summary>One key of a mapping.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Target">Where it goes in the contract, such as <c>spawn.script</c>.</param>
/// <param name="Shape">What it takes.</param>
/// <param name="About">What it does, for a person.</param>
internal sealed record ShapeKey(string Name, string Target, Shape Shape, string About)
{
    public bool IsRequired { get; init; }
}

/// <summary>A mapping whose keys are known.</summary>
internal sealed class KeysShape(params ShapeKey[] keys) : Shape
{
    private string Names => string.Join(", ", keys.Select(key => key.Name));

    /// <summary>Of these keys exactly one must be there.</summary>
    public string[] ExactlyOne { get; init; } = [];

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlMap map)
        {
            return reading.Wrong(
                value, $"{value.Kind} is no mapping", $"its keys are {Names}");
        }

        JsonObject read = [];
        foreach (var entry in map.Entries)
        {
            if (keys.FirstOrDefault(key => key.Name == entry.Key) is not { } key)
            {
                Unknown(entry, reading);
            }
            else if (reading.Inside(entry.Key, entry.Value, key.Shape) is { } inner)
            {
                Put(read, key.Target.Split('.'), inner);
            }
        }

        foreach (var missing in keys.Where(key => key.IsRequired && map.Find(key.Name) is null))
        {
            var about = char.ToLowerInvariant(missing.About[0]) + missing.About[1..];
            reading.Wrong(value, $"'{missing.Name}' is missing", $"it is {about}");
        }

        if (ExactlyOne.Length > 0 && map.Entries.Count(entry => ExactlyOne.Contains(entry.Key)) != 1)
        {
            reading.Wrong(value, $"exactly one of {string.Join(" and ", ExactlyOne)} is expected");
        }

        return read;
    }

    public override JsonObject Schema()
    {
        JsonObject properties = [];
        foreach (var key in keys)
        {
            var schema = key.Shape.Schema();
            schema.Insert(0, "description", key.About);
            properties[key.Name] = schema;
        }

        JsonObject all = new() { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (ExactlyOne.Length > 0)
        {
            all["oneOf"] = new JsonArray(
                [.. ExactlyOne.Select(key => (JsonNode)new JsonObject { ["required"] = Words([key]) })]);
        }

        if (keys.Any(key => key.IsRequired))
        {
            all["required"] = Words(keys.Where(key => key.IsRequired).Select(key => key.Name));
        }

        return all;
    }

    private void Unknown(YamlEntry entry, ShapeReading reading)
    {
        var near = Suggestion.For(entry.Key, keys.Select(key => key.Name));
        var path = reading.Path.Length == 0 ? entry.Key : $"{reading.Path}.{entry.Key}";
        reading.Wrong(
            entry.KeyPlace, path, $"there is no key '{entry.Key}'",
            near is not null ? $"did you mean '{near}'?" : $"there are {Names}");
    }

    private static void Put(JsonObject into, string[] target, JsonNode value)
    {
        foreach (var step in target[..^1])
        {
            into = into[step] as JsonObject ?? (JsonObject)(into[step] = new JsonObject())!;
        }

        if (value is JsonObject more && into[target[^1]] is JsonObject there)
        {
            foreach (var (name, inner) in more.ToList())
            {
                more.Remove(name);
                there[name] = inner;
            }

            return;
        }

        into[target[^1]] = value;
    }

    private static JsonArray Words(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name!)]);
}

/// <summary>A mapping, or a word that stands for one with a single key.</summary>
internal sealed class ShortShape(Shape word, string key, Shape whole) : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading) =>
        value is YamlText
            ? word.Read(value, reading) is { } read ? new JsonObject { [key] = read } : null
            : whole.Read(value, reading);

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(word.Schema(), whole.Schema()) };
}
