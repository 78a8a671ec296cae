using System.Globalization;

namespace Analemma.Workflow.Json;

/// <summary>How a double is written. Integers are written the same in all.</summary>
public enum JsonNumberStyle
{
    /// <summary>As JavaScript does (ECMA-262 §6.1.6.1.20): 1, 0.000001, 1e-7, 1e+21. Infinite becomes null.</summary>
    JavaScript,

    /// <summary>As Java does, and so the service: 1.0, 0.001, 1.0E-4, 1.0E7.</summary>
    Java,
}

/// <summary>The shortest digits that give the double back, laid out as a style wants them.</summary>
internal static class JsonNumberText
{
    private const int DigitsMax = 17;

    public static string Format(double value, JsonNumberStyle style)
    {
        if (!double.IsFinite(value))
        {
            return "null";
        }

        if (value == 0)
        {
            return style is JsonNumberStyle.JavaScript ? "0" : double.IsNegative(value) ? "-0.0" : "0.0";
        }

        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (style is JsonNumberStyle.JavaScript && !shortest.Contains('E', StringComparison.Ordinal))
        {
            return shortest;
        }

        Span<char> digits = stackalloc char[DigitsMax + 8];
        var (count, exponent) = Split(shortest, digits);
        var sign = value < 0 ? "-" : "";
        return sign + (style is JsonNumberStyle.JavaScript
            ? JavaScript(digits[..count], exponent)
            : Java(digits[..count], exponent));
    }

    /// <summary>The nearest with 15 significant digits.</summary>
    public static double Rounded(double value) => double.Parse(
        value.ToString("E14", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Digits without leading or trailing zeros, and e in 0.DIGITS × 10^e.</summary>
    private static (int Count, int Exponent) Split(ReadOnlySpan<char> text, Span<char> digits)
    {
        text = text.TrimStart('-');
        var at = text.IndexOf('E');
        var exponent = at < 0
            ? 0
            : int.Parse(text[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = at < 0 ? text : text[..at];
        var point = mantissa.IndexOf('.');
        exponent += point < 0 ? mantissa.Length : point;
        var count = 0;
        foreach (var character in mantissa)
        {
            if (character == '.')
            {
                continue;
            }

            if (count == 0 && character == '0')
            {
                exponent--;
                continue;
            }

            digits[count++] = character;
        }

        while (count > 1 && digits[count - 1] == '0')
        {
            count--;
        }

        return (count, exponent);
    }

    private static string JavaScript(ReadOnlySpan<char> digits, int exponent) => exponent switch
    {
        > 0 and <= 21 when digits.Length <= exponent => $"{digits}{new string('0', exponent - digits.Length)}",
        > 0 and <= 21 => $"{digits[..exponent]}.{digits[exponent..]}",
        > -6 and <= 0 => $"0.{new string('0', -exponent)}{digits}",
        _ => $"{digits[..1]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent > 0 ? "+" : "-")}"
            + Math.Abs(exponent - 1).ToString(CultureInfo.InvariantCulture),
    };

    private static string Java(ReadOnlySpan<char> digits, int exponent) => exponent switch
    {
        > 0 and <= 7 when digits.Length <= exponent => $"{digits}{new string('0', exponent - digits.Length)}.0",
        > 0 and <= 7 => $"{digits[..exponent]}.{digits[exponent..]}",
        > -3 and <= 0 => $"0.{new string('0', -exponent)}{digits}",
        _ => $"{digits[..1]}.{(digits.Length > 1 ? digits[1..] : "0")}E"
            + (exponent - 1).ToString(CultureInfo.InvariantCulture),
    };
}
