using System.Text;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>Integers in letters, in Roman numerals and in English words, and back.</summary>
internal static class Numerals
{
    private static readonly string[] Small =
    [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
        "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
    ];

    private static readonly string[] SmallOrdinals =
    [
        "Zeroth", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
        "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth",
        "Nineteenth",
    ];

    private static readonly string[] Tens =
        ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"];

    private static readonly string[] Magnitudes = ["Thousand", "Million", "Billion", "Trillion"];

    private static readonly (int Value, string Numeral)[] Roman =
    [
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ];

    private static readonly Dictionary<string, double> WordValues = Values();

    /// <summary>Longer than this no numeral gets, whatever the number.</summary>
    private const int LengthMax = 100_000;

    /// <summary>For a pattern that finds such words.</summary>
    public static IEnumerable<string> AllWords => WordValues.Keys;

    public static string ToLetters(double value, char first)
    {
        StringBuilder letters = new();
        while (value > 0 && double.IsFinite(value))
        {
            letters.Insert(0, (char)(first + (int)((value - 1) % 26)));
            value = Math.Floor((value - 1) / 26);
        }

        return letters.ToString();
    }

    public static double FromLetters(string letters, char first)
    {
        var value = 0.0;
        foreach (var letter in letters)
        {
            value = (value * 26) + letter - first + 1;
        }

        return value;
    }

    public static string ToRoman(double value)
    {
        if (!(value / 1000 < LengthMax))
        {
            throw new JsonataException("D1001", value);
        }

        StringBuilder roman = new();
        foreach (var (size, numeral) in Roman)
        {
            for (; value >= size; value -= size)
            {
                roman.Append(numeral);
            }
        }

        return roman.ToString();
    }

    public static double FromRoman(string roman)
    {
        var (value, most) = (0.0, 1);
        for (var i = roman.Length - 1; i >= 0; i--)
        {
            var digit = roman[i] switch
            {
                'M' => 1000,
                'D' => 500,
                'C' => 100,
                'L' => 50,
                'X' => 10,
                'V' => 5,
                'I' => 1,
                _ => 0,
            };
            value += digit < most ? -digit : digit;
            most = Math.Max(most, digit);
        }

        return value;
    }

    public static string ToWords(double value, bool isOrdinal) =>
        double.IsFinite(value) ? Words(value, hasBefore: false, isOrdinal) : throw new JsonataException("D1001", value);

    public static double FromWords(string text)
    {
        List<double> segments = [0];
        foreach (var word in Parts(text))
        {
            var value = WordValues.GetValueOrDefault(word, double.NaN);
            var top = segments[^1];
            if (!(value < 100))
            {
                segments[^1] = top * value;
                continue;
            }

            if (top >= 1000)
            {
                segments.Add(value);
            }
            else
            {
                segments[^1] = top + value;
            }
        }

        return segments.Sum();
    }

    private static string[] Parts(string text) => text
        .Replace(", ", " ", StringComparison.Ordinal)
        .Replace(" and ", " ", StringComparison.Ordinal)
        .Split(' ', '-', '\\');

    private static Dictionary<string, double> Values()
    {
        Dictionary<string, double> values = new(StringComparer.Ordinal);
        for (var i = 0; i < Small.Length; i++)
        {
            values[Small[i].ToLowerInvariant()] = i;
            values[SmallOrdinals[i].ToLowerInvariant()] = i;
        }

        foreach (var (index, word) in Tens.Append("Hundred").Index())
        {
            values[word.ToLowerInvariant()] = (index + 2) * 10;
            values[word.ToLowerInvariant()[..^1] + "ieth"] = (index + 2) * 10;
        }

        values["hundredth"] = 100;
        foreach (var (index, word) in Magnitudes.Index())
        {
            values[word.ToLowerInvariant()] = Math.Pow(10, (index + 1) * 3);
            values[word.ToLowerInvariant() + "th"] = Math.Pow(10, (index + 1) * 3);
        }

        return values;
    }

    private static string Words(double value, bool hasBefore, bool isOrdinal)
    {
        var and = hasBefore ? " and " : "";
        var comma = hasBefore ? ", " : "";
        switch (value)
        {
            case <= 19:
                return and + (isOrdinal ? SmallOrdinals : Small)[(int)value];
            case < 100:
                var tens = Tens[(int)(value / 10) - 2];
                var ones = value % 10;
                return and + (ones > 0 ? $"{tens}-{Words(ones, hasBefore: false, isOrdinal)}"
                    : isOrdinal ? tens[..^1] + "ieth"
                    : tens);
            case < 1000:
                var hundreds = $"{comma}{Small[(int)(value / 100)]} Hundred";
                return hundreds + Rest(value % 100, isOrdinal);
            default:
                var magnitude = Math.Min((int)Math.Floor(Math.Log10(value) / 3), Magnitudes.Length);
                var factor = Math.Pow(10, magnitude * 3);
                var count = Math.Floor(value / factor);
                var words = Words(count, hasBefore: false, isOrdinal: false);
                return $"{comma}{words} {Magnitudes[magnitude - 1]}" + Rest(value - (count * factor), isOrdinal);
        }
    }

    private static string Rest(double remainder, bool isOrdinal) =>
        remainder > 0 ? Words(remainder, hasBefore: true, isOrdinal) : isOrdinal ? "th" : "";
}
