using System.Text;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>A point in time as a picture shows it.</summary>
internal static class DateTimeFormatter
{
    public static readonly string[] Days =
        ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public static readonly string[] Months =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ];

    /// <param name="millis">Since 1970 in UTC.</param>
    /// <param name="picture">In parts.</param>
    /// <param name="timezone">As +0100, or null for UTC.</param>
    public static string Format(double millis, IReadOnlyList<PicturePart> picture, string? timezone)
    {
        var offset = timezone is null ? 0 : IntegerParser.ParseInt(timezone);
        offset = double.IsNaN(offset) ? throw new JsonataException("D3134", timezone!) : offset;
        var (hours, minutes) = (Math.Floor(offset / 100), offset % 100);
        Moment moment = new(millis + (((60 * hours) + minutes) * 60_000));
        if (!moment.IsValid)
        {
            throw new JsonataException("D1001", millis);
        }

        StringBuilder result = new();
        foreach (var part in picture)
        {
            result.Append(part.Literal ?? Component(moment, part, hours, minutes));
        }

        return result.ToString();
    }

    /// <summary>The number that a component is, days of the week from Monday; 0 for what is no number.</summary>
    public static double Fragment(Moment moment, char component) => component switch
    {
        'Y' => moment.Date.Year,
        'M' => moment.Date.Month,
        'D' => moment.Date.Day,
        'd' => moment.DayOfYear,
        'F' => moment.DayOfWeek,
        'W' => Weeks.OfYear(moment),
        'w' => Weeks.OfMonth(moment),
        'X' => Weeks.Year(moment),
        'x' => Weeks.Month(moment),
        'H' => moment.MillisOfDay / 3_600_000,
        'h' => ((moment.MillisOfDay / 3_600_000) + 11) % 12 + 1,
        'P' => moment.MillisOfDay / 43_200_000,
        'm' => moment.MillisOfDay / 60_000 % 60,
        's' => moment.MillisOfDay / 1000 % 60,
        'f' => moment.MillisOfDay % 1000,
        _ => 0,
    };

    private static string Component(Moment moment, PicturePart part, double hours, double minutes)
    {
        switch (part.Component)
        {
            case 'Z' or 'z':
                return Offset(part, hours, minutes);
            case 'P':
                var half = Fragment(moment, 'P') > 0 ? "pm" : "am";
                return part.Names is LetterCase.Upper ? half.ToUpperInvariant() : half;
            case 'C' or 'E':
                return "ISO";
            default:
                break;
        }

        var value = Fragment(moment, part.Component);
        if (part.Names is { } letters)
        {
            return Name(part, value, letters);
        }

        if (part.Component == 'Y' && part.YearDigits >= 0)
        {
            value %= Math.Pow(10, part.YearDigits);
        }

        // A component that there is not may still come with a presentation.
        return part.Integer is { } integer
            ? integer.Format(value)
            : throw new JsonataException("D3132", part.Component.ToString());
    }

    private static string Name(PicturePart part, double value, LetterCase letters)
    {
        var name = part.Component switch
        {
            'M' or 'x' => Months[(int)value - 1],
            'F' => Days[(int)value],
            _ => throw new JsonataException("D3133", part.Component.ToString()),
        };
        name = letters switch
        {
            LetterCase.Upper => name.ToUpperInvariant(),
            LetterCase.Lower => name.ToLowerInvariant(),
            _ => name,
        };
        return part.WidthMax is { } max && name.Length > max ? name[..max] : name;
    }

    private static string Offset(PicturePart part, double hours, double minutes)
    {
        var offset = (hours * 100) + minutes;
        var integer = part.Integer!;
        string text;
        if (integer.RegularGroup > 0 || integer.MandatoryDigits is 3 or 4)
        {
            text = integer.Format(offset);
        }
        else if (integer.MandatoryDigits is 1 or 2)
        {
            text = integer.Format(hours) + (minutes == 0 ? "" : ":" + IntegerPicture.Parse("00").Format(minutes));
        }
        else
        {
            throw new JsonataException("D3134", integer.MandatoryDigits);
        }

        text = offset >= 0 ? "+" + text : text;
        text = part.Component == 'z' ? "GMT" + text : text;
        return offset == 0 && part.Modifier == 't' ? "Z" : text;
    }
}
