using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Pictures;

// NUMBER PICTURES
//
// $formatNumber(value, picture, options) is XPath's fn:format-number (XPath and XQuery Functions 3.1 §4.7): '#,##0.00',
// one sub-picture, or two of which the second is for negative numbers. Where the reference implementation differs from
// the specification, it is followed, for expressions rely on what it does.

/// <summary>A number as a picture shows it.</summary>
internal static class NumberPicture
{
    public static JsonValue FormatNumber(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        DecimalFormat format = DecimalFormat.From(call[2]);
        var pictures = call.Text(1).Split(format.PatternSeparator);
        if (pictures.Length > 2)
        {
            throw new JsonataException("D3080");
        }

        call.Run.SpendText(call.Text(1).Length * 16L);
        SubPicture[] parts = Array.ConvertAll(pictures, picture => SubPicture.Parse(picture, format));
        var value = call.Number(0);
        var chosen = value >= 0 || parts.Length == 1 ? parts[0] : parts[1];
        var sign = value < 0 && parts.Length == 1 ? format.MinusSign : "";
        return $"{sign}{chosen.Prefix}{Digits(value, chosen, format)}{chosen.Suffix}";
    }

    private static string Digits(double value, SubPicture picture, DecimalFormat format)
    {
        var mantissa = picture.Text.Contains(format.Percent, StringComparison.Ordinal) ? value * 100
            : picture.Text.Contains(format.PerMille, StringComparison.Ordinal) ? value * 1000
            : value;
        int? exponent = null;
        if (picture.ExponentMin > 0)
        {
            (mantissa, exponent) = Scaled(mantissa, picture.ScalingFactor);
        }

        var rounded = Numbers.Rounded(mantissa, picture.FractionMax);
        var text = Plain(rounded, picture.FractionMax, format);
        var at = text.IndexOf('.', StringComparison.Ordinal);
        var whole = (at < 0 ? text : text[..at]).TrimStart(format.Zero);
        var fraction = (at < 0 ? "" : text[(at + 1)..]).TrimEnd(format.Zero);
        whole = Grouped(whole.PadLeft(picture.WholeMin, format.Zero), picture, format);
        fraction = FractionGrouped(fraction.PadRight(picture.FractionMin, format.Zero), picture, format);

        StringBuilder result = new(whole);
        var hasSeparator = picture.Text.Contains(format.DecimalSeparator, StringComparison.Ordinal);
        if (fraction.Length > 0)
        {
            result.Append(hasSeparator ? format.DecimalSeparator + fraction : fraction);
        }

        if (exponent is { } power)
        {
            result.Append(format.ExponentSeparator).Append(power < 0 ? format.MinusSign : "");
            result.Append(Plain(Math.Abs(power), 0, format).PadLeft(picture.ExponentMin, format.Zero));
        }

        return result.ToString();
    }

    private static (double Mantissa, int Exponent) Scaled(double value, int scale)
    {
        var (most, least) = (Math.Pow(10, scale), Math.Pow(10, scale - 1));
        var exponent = 0;
        if (value != 0 && double.IsFinite(value))
        {
            while (Math.Abs(value) < least)
            {
                value *= 10;
                exponent--;
            }

            while (Math.Abs(value) > most)
            {
                value /= 10;
                exponent++;
            }
        }

        return (value, exponent);
    }

    /// <summary>Digits of the format's family and a point.</summary>
    private static string Plain(double value, int decimals, DecimalFormat format)
    {
        value = Math.Abs(value);
        var text = value >= 1e21
            ? JsonNumberText.Format(value, JsonNumberStyle.JavaScript)
            : value.ToString(string.Create(CultureInfo.InvariantCulture, $"F{decimals}"), CultureInfo.InvariantCulture);
        return format.Zero == '0'
            ? text
            : string.Concat(text.Select(digit => char.IsAsciiDigit(digit) ? (char)(format.Zero + digit - '0') : digit));
    }

    private static string Grouped(string whole, SubPicture picture, DecimalFormat format)
    {
        StringBuilder grouped = new(whole);
        if (picture.RegularGrouping > 0)
        {
            for (var at = picture.RegularGrouping; at < whole.Length; at += picture.RegularGrouping)
            {
                grouped.Insert(whole.Length - at, format.GroupingSeparator);
            }

            return grouped.ToString();
        }

        var end = whole.Length;
        foreach (var position in picture.WholeGroups)
        {
            grouped.Insert(Math.Max(0, end - position), format.GroupingSeparator);
            end += format.GroupingSeparator.Length;
        }

        return grouped.ToString();
    }

    private static string FractionGrouped(string fraction, SubPicture picture, DecimalFormat format)
    {
        foreach (var position in picture.FractionGroups)
        {
            fraction = fraction.Insert(Math.Min(position, fraction.Length), format.GroupingSeparator);
        }

        return fraction;
    }
}
