using System.Text;
using System.Text.RegularExpressions;

namespace Analemma.Kernel.Schemas;

/// <summary>
/// Patterns as ECMA 262 has them, run in linear time: one that an agent wrote cannot take the kernel's time.
/// </summary>
internal static class SchemaPattern
{
    /// <summary>Repeats of repeats are written out by the matcher, and would take its memory.</summary>
    private const long RepeatsMax = 10_000;

    public static Regex? TryMake(string pattern, out string? problem)
    {
        problem = pattern.Length > SchemaLimits.PatternCharsMax
            ? $"has {pattern.Length} characters; at most {SchemaLimits.PatternCharsMax}"
            : Repeats(pattern) > RepeatsMax ? $"repeats more than {RepeatsMax} times" : null;
        if (problem is not null)
        {
            return null;
        }

        try
        {
            return new Regex(Translate(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException)
        {
            problem = $"is no regular expression: {pattern}";
        }
        catch (NotSupportedException)
        {
            problem = $"needs look-around or back-references, which are not supported: {pattern}";
        }

        return null;
    }

    /// <summary>The product of all counts in braces.</summary>
    private static long Repeats(string pattern)
    {
        long product = 1;
        for (var i = pattern.IndexOf('{', StringComparison.Ordinal); i >= 0 && product <= RepeatsMax;
            i = pattern.IndexOf('{', i + 1))
        {
            var end = pattern.IndexOf('}', i);
            var largest = end < 0 ? 1 : pattern[(i + 1)..end].Split(',')
                .Select(part => int.TryParse(part, out var count) ? count : part.Length > 9 ? int.MaxValue : 1).Max();
            product = Math.Min(RepeatsMax + 1, product * Math.Max(1L, largest));
        }

        return product;
    }

    /// <summary>.NET's \d and \w take all of Unicode, and its $ also stands before a line's end.</summary>
    private static string Translate(string pattern)
    {
        StringBuilder translated = new();
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\' when i + 1 < pattern.Length:
                    translated.Append(Escape(pattern[++i], inClass));
                    break;
                case '$' when !inClass:
                    translated.Append("\\z");
                    break;
                default:
                    inClass = pattern[i] switch { '[' => true, ']' => false, _ => inClass };
                    // .NET would take -[ in a class for a subtraction.
                    translated.Append(inClass && pattern[i] == '[' && translated is [.., '-'] ? "\\[" : pattern[i]);
                    break;
            }
        }

        return translated.ToString();
    }

    private static string Escape(char escaped, bool inClass) => (escaped, inClass) switch
    {
        ('d', true) => "0-9",
        ('d', false) => "[0-9]",
        ('D', false) => "[^0-9]",
        ('w', true) => "A-Za-z0-9_",
        ('w', false) => "[A-Za-z0-9_]",
        ('W', false) => "[^A-Za-z0-9_]",
        ('/', _) => "/",
        _ => $"\\{escaped}",
    };
}
