using System.Globalization;

namespace Analemma.Workflow.Times;

/// <summary>
/// Times as the States Language has them (RFC 3339, with T and Z in capitals): 2016-12-05T21:29:29Z, with a fraction
/// of up to nine digits, or with an offset.
/// </summary>
public static class Rfc3339
{
    private const int DateChars = 19;

    /// <summary>Reads one.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length <= DateChars || text[10] != 'T'
            || !DateTime.TryParseExact(
                text.AsSpan(0, DateChars), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture,
                DateTimeStyles.None, out var date))
        {
            return false;
        }

        var rest = text.AsSpan(DateChars);
        if (!TryFraction(ref rest, out var ticks) || !TryOffset(rest, out var offset))
        {
            return false;
        }

        // Near the ends of the calendar an offset may lead out of it.
        var utc = date.Ticks + ticks - offset.Ticks;
        if (utc < DateTime.MinValue.Ticks || utc > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(utc, TimeSpan.Zero);
        return true;
    }

    /// <summary>
    /// As the service writes times in the context object: with milliseconds when there are some, and Z (Developer
    /// Guide, Context object, Timestamp format with fractional seconds).
    /// </summary>
    public static string Write(DateTimeOffset time) => time.UtcDateTime.ToString(
        time.Millisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
        CultureInfo.InvariantCulture);

    private static bool TryFraction(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        if (rest.IsEmpty || rest[0] != '.')
        {
            return true;
        }

        var digits = 1;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
        {
            // Seven digits are ticks; what is finer is cut off.
            if (digits <= 7)
            {
                ticks = (ticks * 10) + (rest[digits] - '0');
            }

            digits++;
        }

        for (var i = digits; i <= 7; i++)
        {
            ticks *= 10;
        }

        rest = rest[digits..];
        return digits is > 1 and <= 10;
    }

    private static bool TryOffset(ReadOnlySpan<char> rest, out TimeSpan offset)
    {
        offset = default;
        if (rest is "Z")
        {
            return true;
        }

        if (rest.Length != 6 || rest[0] is not ('+' or '-') || rest[3] != ':'
            || !int.TryParse(rest[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(rest[4..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            || hours > 18 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0) * (rest[0] == '-' ? -1 : 1);
        return true;
    }
}
