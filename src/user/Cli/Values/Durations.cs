using System.CommandLine;
using System.Globalization;

namespace Analemma.Cli.Values;

/// <summary>Times as people write them: 500ms, 30s, 5m, 2h.</summary>
internal static class Durations
{
    private static readonly (string Suffix, long Milliseconds)[] Units =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryParse(string text, out long milliseconds)
    {
        milliseconds = 0;
        foreach (var (suffix, factor) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && decimal.TryParse(
                    text[..^suffix.Length], NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out var number))
            {
                var isSane = number <= long.MaxValue / factor;
                milliseconds = isSane ? (long)(number * factor) : 0;
                return isSane;
            }
        }

        return false;
    }

    /// <summary>An option that is a time, in milliseconds, or null when it is not given.</summary>
    public static long? Option(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var text when TryParse(text, out var milliseconds) => milliseconds,
        var text => throw CliException.Usage(
            $"{option.Name} {text} is not a time", "write it as 500ms, 30s, 5m or 2h"),
    };

    public static string Format(long milliseconds) => milliseconds switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms"),
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:0.0} s"),
        < 3_600_000 => string.Create(
            CultureInfo.InvariantCulture, $"{milliseconds / 60_000}m {milliseconds / 1000 % 60:00}s"),
        _ => string.Create(
            CultureInfo.InvariantCulture, $"{milliseconds / 3_600_000}h {milliseconds / 60_000 % 60:00}m"),
    };
}
