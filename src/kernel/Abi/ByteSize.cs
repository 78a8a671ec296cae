using System.Globalization;

namespace Analemma.Abi;

/// <summary>Amounts of memory as people write them, the same in the machine file and on the command line.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("B", 1), ("", 1),
    ];

    /// <summary>Reads <c>65536</c>, <c>64K</c>, <c>256MiB</c> or <c>1.5G</c>; all units are powers of 1024.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        foreach (var (suffix, factor) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(
                    text[..^suffix.Length], NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out var number))
            {
                var isSane = number <= long.MaxValue / factor;
                bytes = isSane ? (long)(number * factor) : 0;
                return isSane;
            }
        }

        return false;
    }

    /// <summary>Writes <c>1.5 GiB</c>.</summary>
    public static string Format(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.##} GiB"),
    };
}
