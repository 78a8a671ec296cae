using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Analemma.Abi.Schedules;

/// <summary>
/// One field of a cron expression: which values it names, as bits, and whether it began with a star. Reads lists,
/// ranges, steps and names: <c>*</c>, <c>*/5</c>, <c>1,15</c>, <c>9-17</c>, <c>9-17/2</c>, <c>mon-fri</c>.
/// </summary>
internal readonly record struct CronField(ulong Bits, bool IsStar)
{
    public int First => BitOperations.TrailingZeroCount(Bits);

    public bool Has(int value) => (Bits >> value & 1) != 0;

    /// <summary>The least value that is not below <paramref name="from"/>; -1 when there is none.</summary>
    public int AtOrAfter(int from)
    {
        var left = from > 63 ? 0 : Bits >> from << from;
        return left == 0 ? -1 : BitOperations.TrailingZeroCount(left);
    }

    public static bool TryParse(
        string text, CronFieldKind kind, out CronField field, [NotNullWhen(false)] out CronProblem? problem)
    {
        field = default;
        problem = null;
        var bits = 0UL;
        foreach (var part in text.Split(','))
        {
            if (!TryPart(part, kind, out var some, out problem))
            {
                return false;
            }

            bits |= some;
        }

        field = new CronField(kind.Fold(bits), text.StartsWith('*'));
        return true;
    }

    private static bool TryPart(
        string part, CronFieldKind kind, out ulong bits, [NotNullWhen(false)] out CronProblem? problem)
    {
        bits = 0;
        if (kind.Unsupported(part) is { } other)
        {
            problem = other;
            return false;
        }

        var pieces = part.Split('/');
        if (pieces.Length > 2)
        {
            problem = kind.Problem($"'{part}' has more than one step", "write one, such as */10");
            return false;
        }

        if (!TryRange(pieces[0], kind, out var from, out var to, out problem))
        {
            return false;
        }

        var step = 1;
        if (pieces.Length == 2)
        {
            var most = kind.Max - kind.Min;
            if (!TryNumber(pieces[1], out step) || step < 1 || step > most)
            {
                problem = kind.Problem(
                    $"'{pieces[1]}' is no step",
                    string.Create(
                        CultureInfo.InvariantCulture, $"a step is 1 to {most}, counted from the range's begin"));
                return false;
            }

            if (pieces[0] != "*" && !pieces[0].Contains('-', StringComparison.Ordinal))
            {
                problem = kind.Problem(
                    $"'{part}' has a step of a single value",
                    string.Create(CultureInfo.InvariantCulture, $"write a range: {pieces[0]}-{kind.Max}/{step}"));
                return false;
            }
        }

        for (var value = from; value <= to; value += step)
        {
            bits |= 1UL << value;
        }

        return true;
    }

    private static bool TryRange(
        string text, CronFieldKind kind, out int from, out int to, [NotNullWhen(false)] out CronProblem? problem)
    {
        (from, to, problem) = (kind.Min, kind.Last, null);
        if (text == "*")
        {
            return true;
        }

        var ends = text.Split('-');
        if (ends.Length > 2)
        {
            problem = kind.Problem($"'{text}' is no range", kind.Values);
            return false;
        }

        if (!TryValue(ends[0], kind, out from, out problem) || !TryValue(ends[^1], kind, out to, out problem))
        {
            return false;
        }

        if (kind.IsSundayAtTheEnd(from, to))
        {
            to = kind.Max;
        }

        if (from > to)
        {
            problem = kind.Problem(
                $"the range '{text}' goes backwards", $"write two: {ends[0]}-{kind.Max},{kind.Min}-{ends[1]}");
            return false;
        }

        return true;
    }

    private static bool TryValue(
        string text, CronFieldKind kind, out int value, [NotNullWhen(false)] out CronProblem? problem)
    {
        problem = null;
        if (kind.TryName(text, out value) || (TryNumber(text, out value) && value >= kind.Min && value <= kind.Max))
        {
            return true;
        }

        problem = kind.Problem(text.Length == 0 ? "a value is missing" : $"there is no '{text}'", kind.Values);
        return false;
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text.Length <= 3;
}
