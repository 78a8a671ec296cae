namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>One part of a number picture, taken apart.</summary>
internal sealed record SubPicture
{
    public required string Text { get; init; }

    public required string Prefix { get; init; }

    public required string Suffix { get; init; }

    /// <summary>Every so many digits, or 0.</summary>
    public required int RegularGrouping { get; init; }

    /// <summary>How many digits stand right of each separator in the whole part.</summary>
    public required List<int> WholeGroups { get; init; }

    /// <summary>How many digits stand left of each separator in the fraction.</summary>
    public required List<int> FractionGroups { get; init; }

    public int WholeMin { get; private set; }

    public int FractionMin { get; private set; }

    public int FractionMax { get; private set; }

    public int ExponentMin { get; private init; }

    public int ScalingFactor { get; private init; }

    /// <exception cref="JsonataException">D3081 to D3093.</exception>
    public static SubPicture Parse(string text, DecimalFormat format)
    {
        var prefix = text[..Math.Max(0, EdgeOf(text, format, fromStart: true))];
        var end = EdgeOf(text, format, fromStart: false);
        var suffix = end < 0 ? "" : text[(end + 1)..];
        var active = text[prefix.Length..Math.Max(prefix.Length, text.Length - suffix.Length)];

        var exponentAt = text.IndexOf(format.ExponentSeparator, prefix.Length, StringComparison.Ordinal);
        var hasExponent = exponentAt >= 0 && exponentAt <= text.Length - suffix.Length;
        var mantissa = hasExponent ? active[..Math.Min(exponentAt, active.Length)] : active;
        var exponent = hasExponent ? active[Math.Min(exponentAt + 1, active.Length)..] : null;
        var point = mantissa.IndexOf(format.DecimalSeparator, StringComparison.Ordinal);
        var whole = point < 0 ? mantissa : mantissa[..point];
        var fraction = point < 0 ? suffix : mantissa[(point + 1)..];

        Parts parts = new(text, active, mantissa, whole, fraction, exponent);
        if (Problem(parts, format) is { } code)
        {
            throw new JsonataException(code);
        }

        return Sized(parts, prefix, suffix, format);
    }

    private static SubPicture Sized(Parts parts, string prefix, string suffix, DecimalFormat format)
    {
        var groups = Positions(parts.Whole, parts.Whole, format, toLeft: false);
        var wholeMin = parts.Whole.Count(format.IsDecimalDigit);
        SubPicture picture = new()
        {
            Text = parts.Text,
            Prefix = prefix,
            Suffix = suffix,
            WholeGroups = groups,
            RegularGrouping = Regular(groups),
            FractionGroups = Positions(parts.Fraction, parts.Whole, format, toLeft: true),
            WholeMin = wholeMin,
            ScalingFactor = wholeMin,
            FractionMin = parts.Fraction.Count(format.IsDecimalDigit),
            FractionMax = parts.Fraction.Count(format.IsDigit),
            ExponentMin = parts.Exponent?.Count(format.IsDecimalDigit) ?? 0,
        };
        picture.FillGaps(parts, format);
        return picture;
    }

    private void FillGaps(Parts parts, DecimalFormat format)
    {
        var hasExponent = parts.Exponent is not null;
        if (WholeMin == 0 && FractionMax == 0)
        {
            if (hasExponent)
            {
                (FractionMin, FractionMax) = (1, 1);
            }
            else
            {
                WholeMin = 1;
            }
        }

        if (hasExponent && WholeMin == 0 && parts.Whole.Contains(format.Digit, StringComparison.Ordinal))
        {
            WholeMin = 1;
        }

        if (WholeMin == 0 && FractionMin == 0)
        {
            FractionMin = 1;
        }
    }

    /// <summary>The first or the last place of a digit or separator.</summary>
    private static int EdgeOf(string text, DecimalFormat format, bool fromStart)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var at = fromStart ? i : text.Length - 1 - i;
            if (format.IsActive(text[at]) && text[at].ToString() != format.ExponentSeparator)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Of several problems, the last in the specification's order is reported.</summary>
    private static string? Problem(Parts parts, DecimalFormat format) =>
        ExponentProblem(parts, format) ?? OrderProblem(parts, format) ?? SignProblem(parts, format);

    private static string? ExponentProblem(Parts parts, DecimalFormat format)
    {
        if (parts.Exponent is not { } exponent)
        {
            return null;
        }

        if (exponent.Length == 0 || !exponent.All(format.IsDecimalDigit))
        {
            return "D3093";
        }

        var hasPercent = parts.Text.Contains(format.Percent, StringComparison.Ordinal)
            || parts.Text.Contains(format.PerMille, StringComparison.Ordinal);
        return hasPercent ? "D3092" : null;
    }

    private static string? OrderProblem(Parts parts, DecimalFormat format)
    {
        var optional = parts.Fraction.LastIndexOf(format.Digit, StringComparison.Ordinal);
        if (optional >= 0 && parts.Fraction[optional..].Any(format.IsDecimalDigit))
        {
            return "D3091";
        }

        optional = parts.Whole.IndexOf(format.Digit, StringComparison.Ordinal);
        if (optional >= 0 && parts.Whole[..optional].Any(format.IsDecimalDigit))
        {
            return "D3090";
        }

        if (parts.Text.Contains(format.GroupingSeparator + format.GroupingSeparator, StringComparison.Ordinal))
        {
            return "D3089";
        }

        var point = parts.Text.IndexOf(format.DecimalSeparator, StringComparison.Ordinal);
        if (point < 0)
        {
            return parts.Whole.EndsWith(format.GroupingSeparator, StringComparison.Ordinal) ? "D3088" : null;
        }

        var isBeside = parts.Text[..point].EndsWith(format.GroupingSeparator, StringComparison.Ordinal)
            || parts.Text[(point + 1)..].StartsWith(format.GroupingSeparator, StringComparison.Ordinal);
        return isBeside ? "D3087" : null;
    }

    private static string? SignProblem(Parts parts, DecimalFormat format)
    {
        if (!parts.Active.All(format.IsActive))
        {
            return "D3086";
        }

        if (!parts.Mantissa.Any(format.IsDigit))
        {
            return "D3085";
        }

        var (percent, perMille) = (Occurs(parts.Text, format.Percent), Occurs(parts.Text, format.PerMille));
        return percent > 0 && perMille > 0 ? "D3084"
            : perMille > 1 ? "D3083"
            : percent > 1 ? "D3082"
            : Occurs(parts.Text, format.DecimalSeparator) > 1 ? "D3081"
            : null;
    }

    private static int Occurs(string text, string sign) => text.Split(sign).Length - 1;

    /// <param name="part">In which the digits are counted.</param>
    /// <param name="whole">In which the reference implementation looks for all separators after the first.</param>
    /// <param name="format">The signs.</param>
    /// <param name="toLeft">Whether the digits left of a separator are counted, or those right of it.</param>
    private static List<int> Positions(string part, string whole, DecimalFormat format, bool toLeft)
    {
        List<int> positions = [];
        var at = part.IndexOf(format.GroupingSeparator, StringComparison.Ordinal);
        while (at >= 0)
        {
            var digits = at >= part.Length ? (toLeft ? part : "") : toLeft ? part[..at] : part[at..];
            positions.Add(digits.Count(format.IsDigit));
            at = at + 1 > whole.Length
                ? -1
                : whole.IndexOf(format.GroupingSeparator, at + 1, StringComparison.Ordinal);
        }

        return positions;
    }

    private static int Regular(List<int> positions)
    {
        if (positions.Count == 0)
        {
            return 0;
        }

        var factor = positions.Aggregate(GreatestCommonDivisor);
        return Enumerable.Range(1, positions.Count).All(index => positions.Contains(index * factor)) ? factor : 0;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    private sealed record Parts(
        string Text, string Active, string Mantissa, string Whole, string Fraction, string? Exponent);
}
