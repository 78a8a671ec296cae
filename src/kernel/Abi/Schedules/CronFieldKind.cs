using System.Globalization;

namespace Analemma.Abi.Schedules;

/// <summary>One of the five places of a cron expression: what may stand there.</summary>
internal sealed class CronFieldKind
{
    private readonly string[] _names;

    private CronFieldKind(string name, int min, int max, params string[] names)
    {
        (Name, Min, Max, _names) = (name, min, max, names);
    }

    public static CronFieldKind Minute { get; } = new("minute", 0, 59);

    public static CronFieldKind Hour { get; } = new("hour", 0, 23);

    public static CronFieldKind Day { get; } = new("day of month", 1, 31);

    public static CronFieldKind Month { get; } = new(
        "month", 1, 12, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

    /// <summary>0 and 7 are both Sunday.</summary>
    public static CronFieldKind Weekday { get; } = new(
        "day of week", 0, 7, "sun", "mon", "tue", "wed", "thu", "fri", "sat");

    /// <summary>In the order in which they are written.</summary>
    public static IReadOnlyList<CronFieldKind> All { get; } = [Minute, Hour, Day, Month, Weekday];

    public string Name { get; }

    public int Min { get; }

    public int Max { get; }

    /// <summary>Where a star ends: Sunday is counted once.</summary>
    public int Last => this == Weekday ? 6 : Max;

    public string Values => string.Create(
        CultureInfo.InvariantCulture,
        $"it takes {Min} to {Max}{NamesText}, *, lists, ranges, steps");

    private string NamesText => _names.Length == 0 ? "" : $" or {_names[0]} to {_names[^1]}";

    public CronProblem Problem(string message, string hint) => new(Name, message, hint);

    public bool TryName(string text, out int value)
    {
        var at = Array.FindIndex(_names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        value = at + (this == Month ? 1 : 0);
        return at >= 0;
    }

    /// <summary>fri-sun is meant as it is said.</summary>
    public bool IsSundayAtTheEnd(int from, int to) => this == Weekday && to == 0 && from > 0;

    /// <summary>Both Sundays are one.</summary>
    public ulong Fold(ulong bits) => this == Weekday && (bits >> 7 & 1) != 0 ? (bits & 0x7F) | 1 : bits;

    /// <summary>What other programs than cron understand, told by name.</summary>
    public CronProblem? Unsupported(string part) => part switch
    {
        "?" => Problem("'?' is not cron's", "write *"),
        _ when part.Contains('#', StringComparison.Ordinal) =>
            Problem($"'{part}' asks for the nth day of a week, which cron has not", "write days of the month: 1-7"),
        _ when part.EndsWith('L') || part.EndsWith('W') =>
            _names.Contains(part, StringComparer.OrdinalIgnoreCase)
                ? null
                : Problem($"'{part}' asks for a last day or a working day, which cron has not", Values),
        _ => null,
    };
}
