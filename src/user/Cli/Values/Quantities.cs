using System.Globalization;

namespace Analemma.Cli.Values;

/// <summary>Amounts as people write them: 256M, 1.5G, 30s, 500ms.</summary>
internal static class Quantities
{
    /// <summary>In any unit; far beyond what a machine has, and safe to multiply.</summary>
    private const decimal AmountMax = 1_000_000_000_000;

    private static readonly (string Suffix, decimal Factor)[] ByteUnits =
    [
        ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("G", 1L << 30), ("M", 1L << 20), ("K", 1L << 10), ("B", 1), ("", 1),
    ];

    private static readonly (string Suffix, decimal Factor)[] TimeUnits =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryBytes(string text, out long bytes) => TryParse(text, ByteUnits, out bytes);

    public static bool TryMilliseconds(string text, out long milliseconds) =>
        TryParse(text, TimeUnits, out milliseconds);

    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.##} GiB"),
    };

    public static string Duration(long milliseconds) => milliseconds switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms"),
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:0.0} s"),
        < 3_600_000 => string.Create(
            CultureInfo.InvariantCulture, $"{milliseconds / 60_000}m {milliseconds / 1000 % 60:00}s"),
        _ => string.Create(
            CultureInfo.InvariantCulture, $"{milliseconds / 3_600_000}h {milliseconds / 60_000 % 60:00}m"),
    };

    private static bool TryParse(string text, (string Suffix, decimal Factor)[] units, out long amount)
    {
        amount = 0;
        foreach (var (suffix, factor) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(
                    text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= AmountMax / Math.Max(1, factor / 1024))
            {
                amount = (long)(number * factor);
                return true;
            }
        }

        return false;
    }
}
