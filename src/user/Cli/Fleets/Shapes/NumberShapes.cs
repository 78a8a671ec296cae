using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Analemma.Abi;
using Analemma.Cli.Values;

namespace Analemma.Cli.Fleets.Shapes;

/// <summary>A whole number in a range.</summary>
internal sealed class WholeShape(long min, long max) : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading) => value switch
    {
        YamlText { IsPlain: true, Text: var text } when long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
            number >= min && number <= max
                ? JsonValue.Create(number)
                : reading.Wrong(value, string.Create(CultureInfo.InvariantCulture, $"{number} is not {min} to {max}")),
        YamlText { IsPlain: false, Text: var text } when long.TryParse(text, CultureInfo.InvariantCulture, out _) =>
            reading.Wrong(value, $"{value.Kind} is a text", "write the number without quotes"),
        _ => reading.Wrong(value, $"{value.Kind} is no whole number"),
    };

    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };
}

/// <summary>A decimal number that becomes a whole one by a factor, such as cores, or dollars.</summary>
internal sealed class ScaledShape(decimal min, decimal max, long factor) : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading) => value switch
    {
        YamlText { IsPlain: true, Text: var text } when decimal.TryParse(
            text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out var number) => number >= min && number <= max
                ? JsonValue.Create((long)(number * factor))
                : reading.Wrong(value, string.Create(CultureInfo.InvariantCulture, $"{number} is not {min} to {max}")),
        _ => reading.Wrong(value, $"{value.Kind} is no number", "write it as 0.5 or 2, without quotes"),
    };

    public override JsonObject Schema() => new() { ["type"] = "number", ["minimum"] = min, ["maximum"] = max };
}

/// <summary>A time with its unit, in milliseconds.</summary>
internal sealed class TimeShape(long minMs, long maxMs) : Shape
{
    private const string Pattern = @"^[0-9]{1,12}(\.[0-9]{1,6})?(ms|s|m|h)$";

    private static readonly Regex Written = new(Pattern, RegexOptions.NonBacktracking);

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlText { Text: var text } || !Written.IsMatch(text)
            || !Durations.TryParse(text, out var milliseconds))
        {
            var unit = value is YamlText { Text: var digits } && long.TryParse(digits, out _)
                ? $"a time needs its unit: {digits}s or {digits}ms" : "write it as 500ms, 30s, 5m or 2h";
            return reading.Wrong(value, $"{value.Kind} is no time", unit);
        }

        return milliseconds >= minMs && milliseconds <= maxMs
            ? JsonValue.Create(milliseconds)
            : reading.Wrong(value, $"{text} is not {Words(minMs)} to {Words(maxMs)}");
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = "string",
        ["pattern"] = Pattern,
        ["examples"] = new JsonArray("500ms", "30s", "5m", "2h"),
    };

    private static string Words(long milliseconds) => milliseconds switch
    {
        _ when milliseconds % 3_600_000 == 0 && milliseconds > 0 => $"{milliseconds / 3_600_000}h",
        _ when milliseconds % 60_000 == 0 && milliseconds > 0 => $"{milliseconds / 60_000}m",
        _ when milliseconds % 1000 == 0 => $"{milliseconds / 1000}s",
        _ => $"{milliseconds}ms",
    };
}

/// <summary>An amount of bytes, with or without a unit; units are powers of 1024.</summary>
internal sealed class SizeShape(long min, long max) : Shape
{
    private const string Pattern = @"^[0-9]{1,18}(\.[0-9]{1,6})?([KMG](iB)?|B)?$";

    private static readonly Regex Written = new(Pattern, RegexOptions.NonBacktracking);

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (value is not YamlText { Text: var text } || !Written.IsMatch(text)
            || !ByteSize.TryParse(text, out var bytes))
        {
            return reading.Wrong(value, $"{value.Kind} is no size", "write it as 65536, 64K, 256M or 1.5G");
        }

        return bytes >= min && bytes <= max
            ? JsonValue.Create(bytes)
            : reading.Wrong(value, $"{text} is not {ByteSize.Format(min)} to {ByteSize.Format(max)}");
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = new JsonArray("string", "integer"),
        ["pattern"] = Pattern,
        ["minimum"] = min,
        ["maximum"] = max,
        ["examples"] = new JsonArray("64K", "256M", "1.5G"),
    };
}
