using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>An integer read as a picture says it was written.</summary>
internal static class IntegerParser
{
    public static JsonValue ParseInteger(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var picture = IntegerPicture.Parse(call.Text(1));
        picture.CheckSupported();
        return JsonValue.From(Parse(call.Text(0), picture));
    }

    /// <summary>What finds such a number in a text, as a part of a regular expression.</summary>
    public static string PatternOf(IntegerPicture picture)
    {
        picture.CheckSupported();
        var isUpper = picture.Case is LetterCase.Upper;
        return picture.Style switch
        {
            NumberingStyle.Letters => isUpper ? "[A-Z]+" : "[a-z]+",
            NumberingStyle.Roman => isUpper ? "[MDCLXVI]+" : "[mdclxvi]+",
            NumberingStyle.Words => $"(?:{string.Join('|', Numerals.AllWords)}|and|[-, ])+",
            _ => "[0-9]"
                + (picture.ParseWidth is { } width and > 0 ? $"{{{Math.Min(width, 1000)}}}" : "+")
                + (picture.IsOrdinal ? "(?:th|st|nd|rd)" : ""),
        };
    }

    public static double Parse(string text, IntegerPicture picture)
    {
        var isUpper = picture.Case is LetterCase.Upper;
        return picture.Style switch
        {
            NumberingStyle.Letters => Numerals.FromLetters(text, isUpper ? 'A' : 'a'),
            NumberingStyle.Roman => Numerals.FromRoman(isUpper ? text : text.ToUpperInvariant()),
            NumberingStyle.Words => Numerals.FromWords(text.ToLowerInvariant()),
            _ => Digits(text, picture),
        };
    }

    /// <summary>JavaScript's parseInt of base ten: a sign, digits, and then whatever.</summary>
    public static double ParseInt(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        var isNegative = text.StartsWith('-');
        text = isNegative || text.StartsWith('+') ? text[1..] : text;
        var length = text.IndexOfAnyExceptInRange('0', '9');
        var digits = length < 0 ? text : text[..length];
        if (digits.IsEmpty)
        {
            return double.NaN;
        }

        var value = double.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return isNegative ? -value : value;
    }

    private static double Digits(string text, IntegerPicture picture)
    {
        var digits = picture.IsOrdinal ? text[..Math.Max(0, text.Length - 2)] : text;
        if (picture.RegularGroup > 0)
        {
            digits = digits.Replace(",", "", StringComparison.Ordinal);
        }
        else
        {
            foreach (var (_, separator) in picture.Separators)
            {
                digits = digits.Replace(separator, "", StringComparison.Ordinal);
            }
        }

        if (picture.Zero != '0')
        {
            StringBuilder ascii = new();
            foreach (var rune in digits.EnumerateRunes())
            {
                var shifted = rune.Value - picture.Zero + '0';
                ascii.Append(Rune.IsValid(shifted) ? new Rune(shifted).ToString() : "?");
            }

            digits = ascii.ToString();
        }

        return ParseInt(digits);
    }
}
