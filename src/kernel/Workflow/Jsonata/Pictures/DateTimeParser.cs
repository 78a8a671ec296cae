using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>
/// A point in time from a text as a picture says it was written. What the picture leaves out is now before the first
/// thing that it has, and the least after the last.
/// </summary>
internal static partial class DateTimeParser
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>An ISO 8601 timestamp, or a part of one from the year on.</summary>
    /// <exception cref="JsonataException">D3110.</exception>
    public static double Iso8601(string text)
    {
        var match = Iso().Match(text);
        if (!match.Success)
        {
            throw new JsonataException("D3110", text);
        }

        int Number(string group, int usual) => match.Groups[group].Success
            ? int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture)
            : usual;
        var (month, day) = (Number("month", 1), Number("day", 1));
        var (hour, minute, second) = (Number("hour", 0), Number("minute", 0), Number("second", 0));
        var hasTime = match.Groups["hour"].Success;
        var fraction = match.Groups["fraction"];
        if (month is < 1 or > 12 || day is < 1 or > 31 || hour > 24 || (fraction.Success && !hasTime)
            || (hour == 24 && minute + second > 0))
        {
            throw new JsonataException("D3110", text);
        }

        var part = fraction.Success ? double.Parse("0" + fraction.Value, CultureInfo.InvariantCulture) : 0;
        var millis = Math.Floor(part * 1000);
        var offset = (Number("zoneHour", 0) * 60) + Number("zoneMinute", 0);
        var date = Moment.Carried(Number("year", 0), month, day).Millis;
        var time = (((((hour * 60) + minute) * 60) + second) * 1000.0) + millis;
        return date + time - (offset * 60_000.0 * (match.Groups["sign"].Value == "-" ? -1 : 1));
    }

    /// <summary>Null when the text is not as the picture says.</summary>
    /// <exception cref="JsonataException">D3130, D3133 or D3136.</exception>
    public static double? Parse(string text, IReadOnlyList<PicturePart> picture, double now)
    {
        var match = Matched(text, picture);
        if (match is null)
        {
            return null;
        }

        Dictionary<char, double> found = [];
        for (var i = 0; i < picture.Count; i++)
        {
            if (picture[i].Literal is null)
            {
                found[picture[i].Component] = Value(match.Groups[i + 1].Value, picture[i]);
            }
        }

        return found.Count == 0 ? null : Assembled(found, new Moment(now));
    }

    private static Match? Matched(string text, IReadOnlyList<PicturePart> picture)
    {
        StringBuilder pattern = new("\\A");
        foreach (var part in picture)
        {
            pattern.Append('(').Append(PatternOf(part)).Append(')');
        }

        try
        {
            var options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;
            var match = Regex.Match(text, pattern.Append("\\z").ToString(), options, Patience);
            return match.Success ? match : null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new JsonataException("D1016", text);
        }
    }

    private static string PatternOf(PicturePart part)
    {
        if (part.Literal is not null)
        {
            return Regex.Escape(part.Literal);
        }

        switch (part.Component)
        {
            case 'Z' or 'z':
                var separator = SeparatorOf(part);
                return (part.Component == 'z' ? "GMT" : "") + "[-+][0-9]+"
                    + (separator is null ? "" : Regex.Escape(separator) + "[0-9]+");
            case 'f':
                return "[0-9]+";
            default:
                break;
        }

        if (part.Integer is not null)
        {
            return IntegerParser.PatternOf(part.Integer);
        }

        return part.Component is 'M' or 'x' or 'F' or 'P'
            ? "[a-zA-Z]+"
            : throw new JsonataException("D3133", part.Component.ToString());
    }

    private static string? SeparatorOf(PicturePart part) =>
        part.Integer!.RegularGroup > 0 ? part.Integer.Separators[0].Separator : null;

    private static double Value(string text, PicturePart part)
    {
        switch (part.Component)
        {
            case 'Z' or 'z':
                return Offset(part.Component == 'z' ? text[3..] : text, SeparatorOf(part));
            case 'f':
                return double.Parse("0." + text[..Math.Min(3, text.Length)], CultureInfo.InvariantCulture) * 1000;
            case 'P' when part.Integer is null:
                return text switch { "am" or "AM" => 0, "pm" or "PM" => 1, _ => double.NaN };
            default:
                return part.Integer is not null ? IntegerParser.Parse(text, part.Integer) : Named(text, part);
        }
    }

    private static double Named(string text, PicturePart part)
    {
        var isDay = part.Component == 'F';
        var names = isDay ? DateTimeFormatter.Days : DateTimeFormatter.Months;
        var index = Array.FindIndex(names, name => name.Length > 0
            && name[..Math.Min(name.Length, part.WidthMax is { } max and > 0 ? max : name.Length)] == text);
        return index < 0 ? double.NaN : isDay ? index : index + 1;
    }

    private static double Offset(string text, string? separator)
    {
        var at = separator is null ? -1 : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0 && text.Length - 1 <= 2)
        {
            return IntegerParser.ParseInt(text) * 60;
        }

        var hours = IntegerParser.ParseInt(at < 0 ? text.AsSpan(0, 3) : text.AsSpan(0, at));
        var minutes = IntegerParser.ParseInt(at < 0 ? text.AsSpan(3) : text.AsSpan(at + 1));
        return (hours * 60) + minutes;
    }

    /// <summary>Whether of these components there is at least one, and of all others in the list none.</summary>
    private static bool IsOnly(Dictionary<char, double> found, string all, string wanted) =>
        all.All(component => wanted.Contains(component, StringComparison.Ordinal) || !Has(found, component))
        && wanted.Any(component => Has(found, component));

    /// <summary>Zero counts as missing here, as it does in the reference implementation.</summary>
    private static bool Has(Dictionary<char, double> found, char component) =>
        found.TryGetValue(component, out var value) && value is not (0 or double.NaN);

    private static double Assembled(Dictionary<char, double> found, Moment now)
    {
        const string DateParts = "YXMxWwdD";
        var byDayOfYear = !IsOnly(found, DateParts, "YMD") && IsOnly(found, DateParts, "Yd");
        var byMonthWeek = IsOnly(found, DateParts, "XxwF");
        var byWeek = !byMonthWeek && IsOnly(found, DateParts, "XWF");
        var byHalfDay = !IsOnly(found, "PHhmsf", "Hmsf") && IsOnly(found, "PHhmsf", "Phmsf");
        var date = byDayOfYear ? "YD" : byMonthWeek ? "XxwF" : byWeek ? "XWF" : "YMD";
        Fill(found, date + (byHalfDay ? "Phmsf" : "Hmsf"), now);
        if (byMonthWeek || byWeek)
        {
            throw new JsonataException("D3136");
        }

        var month = found.GetValueOrDefault('M') is > 0 and var given ? given : 1;
        var day = byDayOfYear ? found['d'] : found['D'];
        var hour = byHalfDay ? (found['h'] % 12) + (found['P'] * 12) : found['H'];
        var start = Moment.Carried(found['Y'], byDayOfYear ? 1 : month, day).Millis;
        var millis = start + (hour * 3_600_000) + (found['m'] * 60_000) + (found['s'] * 1000) + found['f'];
        var offset = found.GetValueOrDefault('Z') is not 0 and var zone ? zone : found.GetValueOrDefault('z');
        return millis - (offset * 60_000);
    }

    private static void Fill(Dictionary<char, double> found, string components, Moment now)
    {
        var (hasBegun, hasEnded) = (false, false);
        foreach (var component in components)
        {
            if (found.TryGetValue(component, out var value) && !double.IsNaN(value))
            {
                hasBegun = true;
                if (hasEnded)
                {
                    throw new JsonataException("D3136");
                }
            }
            else if (hasBegun)
            {
                found[component] = component is 'M' or 'D' or 'd' ? 1 : 0;
                hasEnded = true;
            }
            else
            {
                found[component] = DateTimeFormatter.Fragment(now, component);
            }
        }
    }

    [GeneratedRegex(
        "\\A(?<year>[0-9]{4})(-(?<month>[01][0-9]))?(-(?<day>[0-3][0-9]))?"
        + "(T(?<hour>[0-2][0-9]):(?<minute>[0-5][0-9]):(?<second>[0-5][0-9]))?(?<fraction>\\.[0-9]+)?"
        + "((?<sign>[+-])(?<zoneHour>[0-2][0-9]):?(?<zoneMinute>[0-5][0-9])|Z)?\\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Iso();
}
