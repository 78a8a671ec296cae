using System.Globalization;
using System.Text;

namespace Analemma.Daemon.Configuration.Files;

/// <summary>Keys and values of TOML.</summary>
internal static class TomlValues
{
    private const int ItemsMax = 1000;

    public static string Key(TomlCursor cursor)
    {
        List<string> parts = [];
        do
        {
            cursor.SkipBlank();
            var part = cursor.Peek is '"' or '\''
                ? Text(cursor)
                : cursor.TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-');
            if (part.Length == 0)
            {
                throw cursor.Wrong($"expected a key, found {cursor.Found()}");
            }

            parts.Add(part);
            cursor.SkipBlank();
        }
        while (cursor.TryTake('.'));

        return string.Join('.', parts);
    }

    public static object Value(TomlCursor cursor) => cursor.Peek switch
    {
        '"' or '\'' => Text(cursor),
        '[' => Items(cursor),
        '{' => throw cursor.Wrong("inline tables ({…}) are not part of a machine file; write a [table]"),
        _ => Word(cursor),
    };

    private static List<object> Items(TomlCursor cursor)
    {
        cursor.Take();
        List<object> items = [];
        while (true)
        {
            cursor.SkipBlankLines();
            if (cursor.TryTake(']'))
            {
                return items;
            }

            if (cursor.Peek == '[' || items.Count == ItemsMax)
            {
                throw cursor.Wrong("a list holds at most 1000 plain values");
            }

            items.Add(Value(cursor));
            cursor.SkipBlankLines();
            if (!cursor.TryTake(','))
            {
                cursor.Expect(']', "at the end of the list");
                return items;
            }
        }
    }

    private static object Word(TomlCursor cursor)
    {
        var word = cursor.TakeWhile(
            character => char.IsAsciiLetterOrDigit(character) || character is '_' or '+' or '-' or '.' or ':');
        var digits = word.Replace("_", "", StringComparison.Ordinal);
        return word switch
        {
            "true" => true,
            "false" => false,
            "" => throw cursor.Wrong($"expected a value, found {cursor.Found()}"),
            _ when long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                => whole,
            _ when digits.StartsWith("0x", StringComparison.Ordinal)
                && long.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)
                    => hex,
            _ when double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number) => number,
            _ => throw cursor.Wrong($"'{word}' is not a value; text goes in quotes"),
        };
    }

    private static string Text(TomlCursor cursor)
    {
        var quote = cursor.Take();
        var text = new StringBuilder();
        while (true)
        {
            if (cursor.IsAtEnd || cursor.Peek is '\n')
            {
                throw cursor.Wrong("the string does not end on its line");
            }

            var character = cursor.Take();
            if (character == quote)
            {
                break;
            }

            text.Append(character == '\\' && quote == '"' ? Escaped(cursor) : character.ToString());
        }

        if (text.Length == 0 && cursor.Peek == quote)
        {
            throw cursor.Wrong("strings over several lines are not part of a machine file");
        }

        return text.ToString();
    }

    private static string Escaped(TomlCursor cursor) => cursor.Take() switch
    {
        'b' => "\b",
        't' => "\t",
        'n' => "\n",
        'f' => "\f",
        'r' => "\r",
        '"' => "\"",
        '\\' => "\\",
        'u' => Rune(cursor, digits: 4),
        'U' => Rune(cursor, digits: 8),
        var other => throw cursor.Wrong($"\\{other} is not an escape"),
    };

    private static string Rune(TomlCursor cursor, int digits)
    {
        var code = string.Concat(Enumerable.Range(0, digits).Select(_ => cursor.Take()));
        return uint.TryParse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && System.Text.Rune.IsValid(value)
            ? new Rune(value).ToString()
            : throw cursor.Wrong($"{code} is not a Unicode scalar value");
    }
}
