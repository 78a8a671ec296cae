using System.Globalization;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>Settings that are lists: <c>NAME, NAME</c> and <c>NAME=VALUE, NAME=VALUE</c>.</summary>
internal static class NamedValues
{
    public static IReadOnlyList<string> Names(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public static Dictionary<string, string> Pairs(string key, string text, List<string> problems)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (var item in Names(text))
        {
            var parts = item.Split('=', StringSplitOptions.TrimEntries);
            if (parts is not [{ Length: > 0 } name, { Length: > 0 } value])
            {
                problems.Add($"{key} has '{item}'; each item is NAME=VALUE");
            }
            else if (!pairs.TryAdd(name, value))
            {
                problems.Add($"{key} has {name} twice");
            }
        }

        return pairs;
    }

    /// <summary>Microdollars for a million tokens read, and written: <c>750000/3750000</c>.</summary>
    public static bool TryPrice(string text, out long input, out long output)
    {
        (input, output) = (0, 0);
        return text.Split('/') is [var read, var written]
            && long.TryParse(read, NumberStyles.None, CultureInfo.InvariantCulture, out input)
            && long.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out output)
            && input <= Kernel.Limits.PriceMax && output <= Kernel.Limits.PriceMax;
    }
}
