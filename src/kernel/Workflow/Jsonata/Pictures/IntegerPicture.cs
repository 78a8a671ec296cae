using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Pictures;

internal enum NumberingStyle
{
    Decimal,
    Letters,
    Roman,
    Words,

    /// <summary>Numbered by some other sequence, as ① ② ③; not supported.</summary>
    Sequence,
}

internal enum LetterCase
{
    Lower,
    Upper,
    Title,
}

/// <summary>
/// An integer picture as of XPath's fn:format-integer (Functions 3.1 §4.6): '1', '001', '#,##0', 'a', 'I', 'Ww', each
/// with ';o' for ordinals.
/// </summary>
internal sealed record IntegerPicture
{
    private const double WholeMax = 1e15;

    private static readonly int[] DigitFamilies =
    [
        0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
        0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
        0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    ];

    public NumberingStyle Style { get; private init; }

    public LetterCase Case { get; private init; }

    public bool IsOrdinal { get; private init; }

    /// <summary>The family's digit zero.</summary>
    public int Zero { get; private init; } = '0';

    public int MandatoryDigits { get; set; }

    public int OptionalDigits { get; private init; }

    /// <summary>Every so many digits with the same separator, or 0.</summary>
    public int RegularGroup { get; private init; }

    /// <summary>How many digits stand right of each separator.</summary>
    public List<(int Position, string Separator)> Separators { get; private init; } = [];

    /// <summary>How many digits to read when another number follows at once.</summary>
    public int? ParseWidth { get; set; }

    private string Token { get; init; } = "";

    public static JsonValue FormatInteger(in Call call) =>
        call.Has(0) ? Parse(call.Text(1)).Format(Math.Floor(call.Number(0))) : default(JsonValue);

    /// <exception cref="JsonataException">D3131.</exception>
    public static IntegerPicture Parse(string picture)
    {
        var semicolon = picture.LastIndexOf(';');
        var primary = semicolon < 0 ? picture : picture[..semicolon];
        var isOrdinal = semicolon >= 0 && picture.AsSpan(semicolon + 1).StartsWith("o");
        return primary switch
        {
            "A" or "a" => Named(NumberingStyle.Letters, primary == "A" ? LetterCase.Upper : LetterCase.Lower),
            "I" or "i" => Named(NumberingStyle.Roman, primary == "I" ? LetterCase.Upper : LetterCase.Lower),
            "W" => Named(NumberingStyle.Words, LetterCase.Upper),
            "Ww" => Named(NumberingStyle.Words, LetterCase.Title),
            "w" => Named(NumberingStyle.Words, LetterCase.Lower),
            _ => Digits(primary, isOrdinal),
        };

        IntegerPicture Named(NumberingStyle style, LetterCase letters) =>
            new() { Style = style, Case = letters, IsOrdinal = isOrdinal };
    }

    public string Format(double value)
    {
        var size = Math.Abs(value);
        var text = Style switch
        {
            NumberingStyle.Letters => Numerals.ToLetters(size, Case is LetterCase.Upper ? 'A' : 'a'),
            NumberingStyle.Roman when Case is LetterCase.Upper => Numerals.ToRoman(size).ToUpperInvariant(),
            NumberingStyle.Roman => Numerals.ToRoman(size),
            NumberingStyle.Words => Words(size),
            NumberingStyle.Decimal => Decimals(size),
            _ => throw new JsonataException("D3130", Token),
        };
        return value < 0 ? "-" + text : text;
    }

    /// <exception cref="JsonataException">D3130.</exception>
    public void CheckSupported()
    {
        if (Style is NumberingStyle.Sequence)
        {
            throw new JsonataException("D3130", Token);
        }
    }

    private static IntegerPicture Digits(string primary, bool isOrdinal)
    {
        int? zero = null;
        var (mandatory, optional, position) = (0, 0, 0);
        List<(int Position, string Separator)> separators = [];
        foreach (var rune in primary.EnumerateRunes().Reverse())
        {
            var family = Array.Find(DigitFamilies, first => rune.Value >= first && rune.Value <= first + 9);
            if (family != 0)
            {
                zero = zero is null || zero == family ? family : throw new JsonataException("D3131");
                mandatory++;
                position++;
            }
            else if (rune.Value == '#')
            {
                optional++;
                position++;
            }
            else
            {
                separators.Add((position, rune.ToString()));
            }
        }

        return new IntegerPicture
        {
            Style = mandatory > 0 ? NumberingStyle.Decimal : NumberingStyle.Sequence,
            IsOrdinal = isOrdinal,
            Token = primary,
            Zero = zero ?? '0',
            MandatoryDigits = mandatory,
            OptionalDigits = optional,
            Separators = separators,
            RegularGroup = Regular(separators),
        };
    }

    private static int Regular(List<(int Position, string Separator)> separators)
    {
        if (separators.Count == 0 || separators.Exists(each => each.Separator != separators[0].Separator))
        {
            return 0;
        }

        var factor = separators.Select(each => each.Position).Aggregate(GreatestCommonDivisor);
        return Enumerable.Range(1, separators.Count)
            .All(index => separators.Exists(each => each.Position == index * factor)) ? factor : 0;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    private string Words(double size)
    {
        var words = Numerals.ToWords(size, IsOrdinal);
        return Case switch
        {
            LetterCase.Upper => words.ToUpperInvariant(),
            LetterCase.Lower => words.ToLowerInvariant(),
            _ => words,
        };
    }

    private string Decimals(double size)
    {
        // A double holds whole numbers up to here exactly, and they are written without an exponent.
        var text = size < WholeMax && Math.Floor(size) == size
            ? ((long)size).ToString(CultureInfo.InvariantCulture)
            : JsonNumberText.Format(size, JsonNumberStyle.JavaScript);
        text = text.PadLeft(MandatoryDigits, '0');
        if (Zero == '0' && Separators.Count == 0 && !IsOrdinal)
        {
            return text;
        }

        if (Zero != '0')
        {
            text = string.Concat(text.Select(digit => char.ConvertFromUtf32(digit + Zero - '0')));
        }

        StringBuilder grouped = new(text);
        if (RegularGroup > 0)
        {
            for (var at = RegularGroup; at < text.Length; at += RegularGroup)
            {
                grouped.Insert(text.Length - at, Separators[0].Separator);
            }
        }
        else
        {
            foreach (var (position, separator) in Enumerable.Reverse(Separators))
            {
                // Counted from the end as it is then, the separators already there included.
                grouped.Insert(Math.Max(0, grouped.Length - position), separator);
            }
        }

        return IsOrdinal ? grouped.Append(Suffix(grouped.ToString())).ToString() : grouped.ToString();
    }

    private static string Suffix(string number)
    {
        var isTeen = number.Length > 1 && number[^2] == '1';
        return (isTeen ? '0' : number[^1]) switch
        {
            '1' => "st",
            '2' => "nd",
            '3' => "rd",
            _ => "th",
        };
    }
}
