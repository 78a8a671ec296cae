using System.Globalization;
using System.Text;

namespace Analemma.Workflow.Paths;

/// <summary>Reads the text of a path, from left to right.</summary>
internal sealed class PathParser(string text, int start)
{
    private const int DepthMax = 64;

    private int _at = start;
    private int _depth;

    public int At
    {
        get => _at;
        set => _at = value;
    }

    public bool IsAtEnd => _at >= text.Length;

    public char Current => _at < text.Length ? text[_at] : '\0';

    public static JsonPath Parse(string text)
    {
        PathParser parser = new(text, 0);
        var path = parser.ParsePath(inFilter: false);
        return parser.IsAtEnd ? path : throw parser.Wrong("Unexpected character");
    }

    /// <summary>A path from here to where it ends: in a filter, before an operator, a comma or a bracket.</summary>
    public JsonPath ParsePath(bool inFilter)
    {
        if (++_depth > DepthMax)
        {
            throw Wrong("The path is nested too deep");
        }

        var from = _at;
        var (root, variable) = ParseRoot(inFilter);
        List<PathSegment> segments = [];
        PathFunction? function = null;
        while (!IsAtEnd && function is null)
        {
            if (Current == '[')
            {
                segments.Add(ParseBracket());
            }
            else if (Current == '.')
            {
                ParseDot(segments, inFilter, ref function);
            }
            else
            {
                break;
            }
        }

        _depth--;
        return new JsonPath(text[from.._at], root, variable, [.. segments], function);
    }

    public PathSyntaxException Wrong(string what) => new(text, _at, what);

    public void SkipBlanks()
    {
        while (Current is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }
    }

    public bool TryTake(char wanted)
    {
        if (Current != wanted)
        {
            return false;
        }

        _at++;
        return true;
    }

    public bool TryTake(string wanted)
    {
        if (string.CompareOrdinal(text, _at, wanted, 0, wanted.Length) != 0)
        {
            return false;
        }

        _at += wanted.Length;
        return true;
    }

    public void Take(char wanted)
    {
        SkipBlanks();
        if (!TryTake(wanted))
        {
            throw Wrong($"Expected '{wanted}'");
        }
    }

    /// <summary>A text in quotes of either kind, with a backslash before what would end it.</summary>
    public string ParseQuoted()
    {
        var quote = Current;
        _at++;
        StringBuilder read = new();
        while (!IsAtEnd && Current != quote)
        {
            if (Current == '\\' && _at + 1 < text.Length && (text[_at + 1] == quote || text[_at + 1] == '\\'))
            {
                _at++;
            }

            read.Append(Current);
            _at++;
        }

        return TryTake(quote) ? read.ToString() : throw Wrong($"A quote ({quote}) is not closed");
    }

    private (PathRoot Root, string? Variable) ParseRoot(bool inFilter)
    {
        if (inFilter && TryTake('@'))
        {
            return (PathRoot.Input, null);
        }

        if (!TryTake('$'))
        {
            throw Wrong("A path starts with $");
        }

        if (TryTake('$'))
        {
            return (PathRoot.Context, null);
        }

        var from = _at;
        while (char.IsLetterOrDigit(Current) || Current == '_')
        {
            _at++;
        }

        return _at == from ? (PathRoot.Input, null) : (PathRoot.Variable, text[from.._at]);
    }

    private void ParseDot(List<PathSegment> segments, bool inFilter, ref PathFunction? function)
    {
        _at++;
        var descends = TryTake('.');
        if (descends && Current == '[')
        {
            segments.Add(new DescendantSegment(ParseBracket()));
            return;
        }

        if (TryTake('*'))
        {
            segments.Add(descends ? new DescendantSegment(WildcardSegment.It) : WildcardSegment.It);
            return;
        }

        var name = ParseName(inFilter);
        if (Current == '(' && PathFunction.IsKnown(name))
        {
            function = new PathFunction(name, ParseArguments());
            return;
        }

        segments.Add(descends ? new DescendantSegment(new NameSegment(name)) : new NameSegment(name));
    }

    private string ParseName(bool inFilter)
    {
        var from = _at;
        while (!IsAtEnd && !EndsName(Current, inFilter))
        {
            _at++;
        }

        return _at > from ? text[from.._at] : throw Wrong("Expected a name");
    }

    private static bool EndsName(char c, bool inFilter) =>
        c is '.' or '[' or '(' or ']' or '\'' or '"' or '\\' || char.IsControl(c)
        || (inFilter && c is ' ' or ')' or ',' or '=' or '<' or '>' or '!' or '&' or '|');

    private List<PathOperand> ParseArguments()
    {
        Take('(');
        List<PathOperand> arguments = [];
        SkipBlanks();
        while (!TryTake(')'))
        {
            arguments.Add(new FilterParser(this, text).ParseOperand());
            SkipBlanks();
            if (Current != ')')
            {
                Take(',');
                SkipBlanks();
            }
        }

        return arguments;
    }

    private PathSegment ParseBracket()
    {
        Take('[');
        SkipBlanks();
        var segment = Current switch
        {
            '*' => ParseAny(),
            '?' => ParseFilter(),
            '\'' or '"' => ParseNames(),
            _ => ParseNumbers(),
        };
        Take(']');
        return segment;
    }

    private WildcardSegment ParseAny()
    {
        _at++;
        return WildcardSegment.It;
    }

    private FilterSegment ParseFilter()
    {
        _at++;
        Take('(');
        var filter = new FilterParser(this, text).Parse();
        Take(')');
        return new FilterSegment(filter);
    }

    private PathSegment ParseNames()
    {
        List<string> names = [ParseQuoted()];
        SkipBlanks();
        while (TryTake(','))
        {
            SkipBlanks();
            names.Add(Current is '\'' or '"' ? ParseQuoted() : throw Wrong("Expected a name in quotes"));
            SkipBlanks();
        }

        return names.Count == 1 ? new NameSegment(names[0]) : new NamesSegment(names);
    }

    private PathSegment ParseNumbers()
    {
        var first = TryParseNumber();
        SkipBlanks();
        if (TryTake(':'))
        {
            return ParseSlice(first);
        }

        List<int> indices = [first ?? throw Wrong("Expected an index")];
        while (TryTake(','))
        {
            SkipBlanks();
            indices.Add(TryParseNumber() ?? throw Wrong("Expected an index"));
            SkipBlanks();
        }

        return indices.Count == 1 ? new IndexSegment(indices[0]) : new IndicesSegment(indices);
    }

    private SliceSegment ParseSlice(int? from)
    {
        SkipBlanks();
        var to = TryParseNumber();
        SkipBlanks();
        var step = TryTake(':') ? TryParseNumber() ?? 1 : 1;
        return step > 0 ? new SliceSegment(from, to, step) : throw Wrong("A slice's step is at least 1");
    }

    private int? TryParseNumber()
    {
        var from = _at;
        TryTake('-');
        while (char.IsAsciiDigit(Current))
        {
            _at++;
        }

        if (_at == from)
        {
            return null;
        }

        return int.TryParse(text.AsSpan(from, _at - from), CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong("Expected an index");
    }
}
