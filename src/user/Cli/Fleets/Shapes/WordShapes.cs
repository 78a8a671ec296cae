using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Analemma.Cli.Fleets.Shapes;

/// <summary>A text; a plain number or flag is taken as its letters, as a shell would.</summary>
internal sealed class TextShape(string what, string? pattern = null, int charsMax = 4096) : Shape
{
    private readonly Regex? _pattern = pattern is null ? null : new Regex(pattern, RegexOptions.NonBacktracking);

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlText { IsNull: false, Text: var text }
            || (_pattern is null ? text.Length == 0 : !_pattern.IsMatch(text)))
        {
            return reading.Wrong(value, $"{value.Kind} is no {what}");
        }

        return text.Length <= charsMax && !text.Contains('\0')
            ? JsonValue.Create(text)
            : reading.Wrong(value, string.Create(
                CultureInfo.InvariantCulture, $"longer than {charsMax} characters, or with a NUL"));
    }

    public override JsonObject Schema()
    {
        JsonObject schema = new() { ["type"] = new JsonArray("string", "number", "boolean") };
        schema[pattern is null ? "minLength" : "pattern"] = pattern is null ? 1 : pattern;
        schema["maxLength"] = charsMax;
        return schema;
    }
}

/// <summary>One of some words.</summary>
internal sealed class WordShape(params string[] words) : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is YamlText { Text: var text } && words.Contains(text))
        {
            return JsonValue.Create(text);
        }

        var near = value is YamlText typed ? Abi.Suggestion.For(typed.Text, words) : null;
        return reading.Wrong(
            value, $"{value.Kind} is none of {string.Join(", ", words)}",
            near is null ? null : $"did you mean '{near}'?");
    }

    public override JsonObject Schema() =>
        new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)JsonValue.Create(word)!)]) };
}

/// <summary>true or false. The yes and on of YAML 1.1 are not taken: 1.2 has made words of them.</summary>
internal sealed class FlagShape : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading) => value switch
    {
        YamlText { IsPlain: true, Text: "true" } => JsonValue.Create(true),
        YamlText { IsPlain: true, Text: "false" } => JsonValue.Create(false),
        YamlText { Text: "yes" or "on" or "Yes" or "True" } =>
            reading.Wrong(value, $"{value.Kind} is neither true nor false", "write true"),
        YamlText { Text: "no" or "off" or "No" or "False" } =>
            reading.Wrong(value, $"{value.Kind} is neither true nor false", "write false"),
        _ => reading.Wrong(value, $"{value.Kind} is neither true nor false"),
    };

    public override JsonObject Schema() => new() { ["type"] = "boolean" };
}
