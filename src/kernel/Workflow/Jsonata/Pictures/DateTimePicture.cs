namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>A part of a date picture: [Y0001] and the like, or text as it stands.</summary>
internal sealed record PicturePart
{
    /// <summary>Text as it stands; null when this is a component.</summary>
    public string? Literal { get; init; }

    /// <summary>
    /// Y year, M month, D day, d day of year, F day of week, W w week, X x its year and month, H h hour …
    /// </summary>
    public char Component { get; init; }

    public string Presentation { get; init; } = "";

    /// <summary>t for "traditional": Z for an offset of nothing.</summary>
    public char Modifier { get; init; }

    public bool HasWidth { get; init; }

    public int? WidthMin { get; init; }

    public int? WidthMax { get; init; }

    /// <summary>How a name is written; null when it is a number.</summary>
    public LetterCase? Names { get; init; }

    public IntegerPicture? Integer { get; init; }

    /// <summary>Of a year, how many of its last digits; -1 for all.</summary>
    public int YearDigits { get; init; } = -1;
}

/// <summary>A picture as of XPath's fn:format-dateTime (Functions 3.1 §9.8), in parts.</summary>
internal static class DateTimePicture
{
    private const string Numeric = "YMDdFWwXxHhmsf";

    public static readonly IReadOnlyList<PicturePart> Iso8601 =
        Parse("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]");

    /// <exception cref="JsonataException">D3132 or D3135.</exception>
    public static IReadOnlyList<PicturePart> Parse(string picture)
    {
        List<PicturePart> parts = [];
        var start = 0;
        var at = 0;
        while (at < picture.Length)
        {
            if (picture[at] != '[')
            {
                at++;
                continue;
            }

            AddLiteral(parts, picture[start..at]);
            if (at + 1 < picture.Length && picture[at + 1] == '[')
            {
                parts.Add(new PicturePart { Literal = "[" });
                at += 2;
                start = at;
                continue;
            }

            var end = picture.IndexOf(']', at);
            if (end < 0)
            {
                throw new JsonataException("D3135");
            }

            var part = Marker(string.Concat(picture[(at + 1)..end].Where(letter => !char.IsWhiteSpace(letter))));
            if (part.Integer is not null && Numeric.Contains(part.Component, StringComparison.Ordinal)
                && parts.Count > 0 && parts[^1].Integer is { } before)
            {
                // Numbers without anything between them can be told apart only by their width.
                before.ParseWidth = before.MandatoryDigits;
            }

            parts.Add(part);
            at = start = end + 1;
        }

        AddLiteral(parts, picture[start..]);
        return parts;
    }

    private static void AddLiteral(List<PicturePart> parts, string text)
    {
        if (text.Length > 0)
        {
            parts.Add(new PicturePart { Literal = text.Replace("]]", "]", StringComparison.Ordinal) });
        }
    }

    private static string? UsualPresentation(char component) => component switch
    {
        'F' or 'P' or 'C' or 'E' => "n",
        'm' or 's' => "01",
        'Z' or 'z' => "01:01",
        _ when Numeric.Contains(component, StringComparison.Ordinal) => "1",
        _ => null,
    };

    private static PicturePart Marker(string marker)
    {
        var component = marker.Length > 0 ? marker[0] : '\0';
        var comma = marker.LastIndexOf(',');
        var given = comma < 0 ? marker[Math.Min(1, marker.Length)..] : marker[Math.Min(1, comma)..comma];
        var modifier = given.Length > 1 && given[^1] is 'a' or 't' or 'c' or 'o' && given.Length > 1 ? given[^1] : '\0';
        var presentation = modifier != '\0' ? given[..^1] : given;
        if (given.Length == 0)
        {
            presentation = UsualPresentation(component)
                ?? throw new JsonataException("D3132", component == '\0' ? "" : component.ToString());
        }

        var (min, max) = comma < 0 ? (null, null) : Widths(marker[(comma + 1)..]);
        PicturePart part = new()
        {
            Component = component,
            Presentation = presentation,
            Modifier = modifier,
            HasWidth = comma >= 0,
            WidthMin = min,
            WidthMax = max,
            Names = presentation[0] == 'n' ? LetterCase.Lower
                : presentation[0] != 'N' ? null
                : presentation.Length > 1 && presentation[1] == 'n' ? LetterCase.Title
                : LetterCase.Upper,
        };
        return WithInteger(part);
    }

    private static PicturePart WithInteger(PicturePart part)
    {
        if (part.Component is 'Z' or 'z')
        {
            return part with { Integer = IntegerPicture.Parse(part.Presentation) };
        }

        if (part.Names is not null || !Numeric.Contains(part.Component, StringComparison.Ordinal))
        {
            return part;
        }

        var picture = part.Modifier == '\0' ? part.Presentation : $"{part.Presentation};{part.Modifier}";
        var integer = IntegerPicture.Parse(picture);
        integer.MandatoryDigits = Math.Max(integer.MandatoryDigits, part.WidthMin ?? 0);
        if (part.Component != 'Y')
        {
            return part with { Integer = integer };
        }

        if (part.WidthMax is { } max)
        {
            integer.MandatoryDigits = max;
            return part with { Integer = integer, YearDigits = max };
        }

        var width = integer.MandatoryDigits + integer.OptionalDigits;
        return part with { Integer = integer, YearDigits = width >= 2 ? width : -1 };
    }

    private static (int? Min, int? Max) Widths(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (Width(text), null) : (Width(text[..dash]), Width(text[(dash + 1)..]));
    }

    private static int? Width(string text) =>
        text != "*" && IntegerParser.ParseInt(text) is var width and >= 0 and < 1000 ? (int)width : null;
}
