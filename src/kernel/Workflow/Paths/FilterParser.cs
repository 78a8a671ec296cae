using System.Globalization;
using System.Text.RegularExpressions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Paths;

/// <summary>Reads what is inside [?( )]: or over and over comparisons, with parentheses and not.</summary>
internal sealed class FilterParser(PathParser parser, string text)
{
    private const int DepthMax = 32;

    // The longer ones first.
    private static readonly string[] Operators =
        ["===", "!==", "==", "!=", "<=", ">=", "=~", "<", ">"];

    private static readonly string[] Words =
        ["in", "nin", "subsetof", "anyof", "noneof", "contains", "size", "empty"];

    private int _depth;

    public PathFilter Parse()
    {
        if (++_depth > DepthMax)
        {
            throw parser.Wrong("The filter is nested too deep");
        }

        List<PathFilter> any = [ParseAll()];
        parser.SkipBlanks();
        while (parser.TryTake("||"))
        {
            any.Add(ParseAll());
            parser.SkipBlanks();
        }

        _depth--;
        return any.Count == 1 ? any[0] : new JoinedFilter(all: false, any);
    }

    /// <summary>A path, a literal or a pattern.</summary>
    public PathOperand ParseOperand()
    {
        parser.SkipBlanks();
        switch (parser.Current)
        {
            case '@':
                return new PathOperand(parser.ParsePath(inFilter: true), fromRoot: false);
            case '$':
                return new PathOperand(parser.ParsePath(inFilter: true), fromRoot: true);
            case '\'' or '"':
                return new PathOperand(JsonValue.From(parser.ParseQuoted()));
            case '/':
                return new PathOperand(ParsePattern());
            case '[':
                return new PathOperand(ParseList());
            default:
                return new PathOperand(ParseWord());
        }
    }

    private PathFilter ParseAll()
    {
        List<PathFilter> all = [ParseOne()];
        parser.SkipBlanks();
        while (parser.TryTake("&&"))
        {
            all.Add(ParseOne());
            parser.SkipBlanks();
        }

        return all.Count == 1 ? all[0] : new JoinedFilter(all: true, all);
    }

    private PathFilter ParseOne()
    {
        parser.SkipBlanks();
        if (parser.TryTake('!'))
        {
            if (++_depth > DepthMax)
            {
                throw parser.Wrong("The filter is nested too deep");
            }

            NotFilter not = new(ParseOne());
            _depth--;
            return not;
        }

        if (parser.TryTake('('))
        {
            var inner = Parse();
            parser.Take(')');
            return inner;
        }

        var left = ParseOperand();
        parser.SkipBlanks();
        if (TryParseOperator() is { } by)
        {
            return new ComparisonFilter(left, by, ParseOperand());
        }

        return left.IsPath ? new ExistsFilter(left) : throw parser.Wrong("Expected an operator");
    }

    private string? TryParseOperator()
    {
        foreach (var sign in Operators)
        {
            if (parser.TryTake(sign))
            {
                return sign;
            }
        }

        var from = parser.At;
        while (char.IsLetter(parser.Current))
        {
            parser.At++;
        }

        var word = text[from..parser.At].ToLowerInvariant();
        if (word.Length == 0)
        {
            return null;
        }

        return Words.Contains(word) ? word : throw parser.Wrong($"'{word}' is no operator");
    }

    private Regex ParsePattern()
    {
        var from = ++parser.At;
        while (!parser.IsAtEnd && parser.Current != '/')
        {
            parser.At += parser.Current == '\\' ? 2 : 1;
        }

        if (parser.IsAtEnd)
        {
            throw parser.Wrong("A pattern is not closed");
        }

        var pattern = text[from..parser.At];
        parser.At++;
        // Linear in the text whatever the pattern: nobody's filter holds the kernel.
        var options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
        if (parser.TryTake('i'))
        {
            options |= RegexOptions.IgnoreCase;
        }

        try
        {
            return new Regex($"^(?:{pattern})$", options);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw parser.Wrong($"The pattern cannot be used: {wrong.Message}");
        }
    }

    private JsonArray ParseList()
    {
        parser.Take('[');
        JsonArrayBuilder items = new();
        parser.SkipBlanks();
        while (!parser.TryTake(']'))
        {
            parser.SkipBlanks();
            items.Add(parser.Current is '\'' or '"' ? JsonValue.From(parser.ParseQuoted()) : ParseWord());
            parser.SkipBlanks();
            if (parser.Current != ']')
            {
                parser.Take(',');
            }
        }

        return items.Build();
    }

    private JsonValue ParseWord()
    {
        var from = parser.At;
        while (char.IsLetterOrDigit(parser.Current) || parser.Current is '-' or '+' or '.')
        {
            parser.At++;
        }

        var word = text[from..parser.At];
        return word switch
        {
            "true" => JsonValue.From(true),
            "false" => JsonValue.From(false),
            "null" => JsonValue.Null,
            _ when long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) =>
                JsonValue.From(integer),
            _ when double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.From(number),
            _ => throw parser.Wrong("Expected a path or a literal"),
        };
    }
}
