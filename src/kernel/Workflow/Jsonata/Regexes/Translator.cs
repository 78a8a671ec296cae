using System.Globalization;
using System.Text;

namespace Analemma.Workflow.Jsonata.Regexes;

// REGULAR EXPRESSIONS
//
// JavaScript's syntax (ECMA-262 §22.2, without the u flag) is rewritten for .NET's engine, so that what matches is the
// same: \d and \w are ASCII, . and the anchors know JavaScript's line ends, a named group is numbered in its place, a
// reference to a group that took no part matches nothing. What is not the same: JavaScript forgets a group's match
// when the loop around it begins again, .NET keeps the last.
//
// An expression without look-around and references runs in .NET's engine that never goes back, in time linear in the
// text; if it has one place to choose at the most and the text is short, in the other engine, which is faster and then
// cannot take long. All others run in the one that goes back, with a time limit: the only one that a clock measures.

/// <summary>A regular expression for .NET.</summary>
internal sealed record Translation(string Pattern, bool NeedsBacktracking, int Choices);

/// <summary>Goes once through an expression of JavaScript's and writes it for .NET.</summary>
internal sealed class Translator
{
    private const string Word = "[A-Za-z0-9_]";
    private const string LineEnd = "\\n\\r\\u2028\\u2029";

    private const string Blank =
        "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";

    private const string NotBlank = "\\u0000-\\u0008\\u000e-\\u001f!-\\u009f\\u00a1-\\u167f\\u1681-\\u1fff"
        + "\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\ufefe\\uff00-\\uffff";

    private readonly string _source;
    private readonly bool _isMultiline;
    private readonly StringBuilder _output = new();
    private readonly List<string?> _groups = [];
    private int _at;
    private int _open;

    private Translator(string source, bool isMultiline)
    {
        _source = source;
        _isMultiline = isMultiline;
        FindGroups();
    }

    /// <summary>Whether the engine that goes back is needed.</summary>
    private bool NeedsBacktracking { get; set; }

    /// <summary>Places at which the engine that goes back may choose, and choose again.</summary>
    private int Choices { get; set; }

    /// <exception cref="FormatException">It is no regular expression; says why.</exception>
    public static Translation Translate(string source, bool isMultiline)
    {
        Translator translator = new(source, isMultiline);
        translator.Run();
        return new Translation(translator._output.ToString(), translator.NeedsBacktracking, translator.Choices);
    }

    private void FindGroups()
    {
        var inClass = false;
        for (var i = 0; i < _source.Length; i++)
        {
            switch (_source[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    inClass = true;
                    break;
                case ']':
                    inClass = false;
                    break;
                case '(' when !inClass && !IsAt(i, "(?"):
                    _groups.Add(null);
                    break;
                case '(' when !inClass && IsAt(i, "(?<") && !IsAt(i, "(?<=") && !IsAt(i, "(?<!"):
                    var end = _source.IndexOf('>', i);
                    _groups.Add(end < 0 ? throw new FormatException("Invalid group name") : _source[(i + 3)..end]);
                    break;
                default:
                    break;
            }
        }
    }

    private bool IsAt(int index, string text) => string.CompareOrdinal(_source, index, text, 0, text.Length) == 0;

    private void Run()
    {
        while (_at < _source.Length)
        {
            var character = _source[_at++];
            switch (character)
            {
                case '\\':
                    Escape();
                    break;
                case '[':
                    Class();
                    break;
                case '(':
                    Group();
                    break;
                case ')':
                    _output.Append(--_open < 0 ? throw new FormatException("Unmatched ')'") : ')');
                    break;
                case '.':
                    _output.Append($"[^{LineEnd}]");
                    break;
                case '^' when _isMultiline:
                    NeedsBacktracking = true;
                    _output.Append($"(?<=\\A|[{LineEnd}])");
                    break;
                case '$' when _isMultiline:
                    NeedsBacktracking = true;
                    _output.Append($"(?=[{LineEnd}]|\\z)");
                    break;
                case '^':
                    _output.Append("\\A");
                    break;
                case '$':
                    _output.Append("\\z");
                    break;
                case '{' when !IsQuantifier(_at - 1):
                    _output.Append("\\{");
                    break;
                case '*' or '+' or '?' or '|' or '{':
                    Choices++;
                    _output.Append(character);
                    break;
                case ' ' or '#':
                    _output.Append('\\').Append(character);
                    break;
                default:
                    _output.Append(character);
                    break;
            }
        }

        if (_open > 0)
        {
            throw new FormatException("Unterminated group");
        }
    }

    /// <summary>{n}, {n,} or {n,m}; any other brace is a character.</summary>
    private bool IsQuantifier(int at)
    {
        var i = at + 1;
        while (i < _source.Length && char.IsAsciiDigit(_source[i]))
        {
            i++;
        }

        if (i == at + 1)
        {
            return false;
        }

        if (i < _source.Length && _source[i] == ',')
        {
            i++;
            while (i < _source.Length && char.IsAsciiDigit(_source[i]))
            {
                i++;
            }
        }

        return i < _source.Length && _source[i] == '}';
    }

    private void Group()
    {
        _open++;
        if (_at >= _source.Length || _source[_at] != '?')
        {
            _output.Append('(');
            return;
        }

        foreach (var kind in (string[])["(?:", "(?=", "(?!", "(?<=", "(?<!"])
        {
            if (IsAt(_at - 1, kind))
            {
                NeedsBacktracking |= kind != "(?:";
                _output.Append(kind);
                _at += kind.Length - 1;
                return;
            }
        }

        if (!IsAt(_at - 1, "(?<"))
        {
            throw new FormatException("Invalid group");
        }

        _output.Append('(');
        _at = _source.IndexOf('>', _at) + 1;
    }

    private void Escape()
    {
        if (_at >= _source.Length)
        {
            throw new FormatException("\\ at end of pattern");
        }

        var escape = _source[_at++];
        switch (escape)
        {
            case 'b' or 'B':
                NeedsBacktracking = true;
                _output.Append(escape == 'b'
                    ? $"(?:(?<={Word})(?!{Word})|(?<!{Word})(?={Word}))"
                    : $"(?:(?<={Word})(?={Word})|(?<!{Word})(?!{Word}))");
                break;
            case >= '1' and <= '9':
                Reference(escape);
                break;
            case 'k' when _groups.Exists(name => name is not null):
                var end = _at < _source.Length && _source[_at] == '<' ? _source.IndexOf('>', _at) : -1;
                var index = end < 0 ? -1 : _groups.IndexOf(_source[(_at + 1)..end]);
                _at = end + 1;
                AppendReference(index < 0 ? throw new FormatException("Invalid named reference") : index + 1);
                break;
            default:
                _output.Append(Characters(escape) is { } set ? $"[{set}]" : Quoted(Character(escape)));
                break;
        }
    }

    private void Reference(char first)
    {
        var number = first - '0';
        while (_at < _source.Length && char.IsAsciiDigit(_source[_at])
            && (number * 10) + _source[_at] - '0' <= _groups.Count)
        {
            number = (number * 10) + _source[_at++] - '0';
        }

        if (number <= _groups.Count)
        {
            AppendReference(number);
            return;
        }

        // More than there are groups: what it was before there were references.
        _output.Append(first is '8' or '9' ? Quoted(first) : Quoted(Octal(first)));
    }

    private void AppendReference(int number)
    {
        NeedsBacktracking = true;
        _output.Append(CultureInfo.InvariantCulture, $"(?({number})\\{number})");
    }

    private char Octal(char first)
    {
        var value = first - '0';
        while (_at < _source.Length && _source[_at] is >= '0' and <= '7' && (value * 8) + _source[_at] - '0' <= 255)
        {
            value = (value * 8) + _source[_at++] - '0';
        }

        return (char)value;
    }

    /// <summary>The inside of a class for \d, \w, \s and their opposites.</summary>
    private static string? Characters(char escape) => escape switch
    {
        'd' => "0-9",
        'D' => "\\u0000-/:-\\uffff",
        'w' => "A-Za-z0-9_",
        'W' => "\\u0000-/:-@\\[-\\^`{-\\uffff",
        's' => Blank,
        'S' => NotBlank,
        _ => null,
    };

    private char Character(char escape)
    {
        switch (escape)
        {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'v':
                return '\v';
            case 'f':
                return '\f';
            case 'r':
                return '\r';
            case '0':
                return Octal('0');
            case 'c' when _at < _source.Length && char.IsAsciiLetter(_source[_at]):
                return (char)(_source[_at++] % 32);
            case 'x' when Hex(2) is { } two:
                return two;
            case 'u' when Hex(4) is { } four:
                return four;
            default:
                return escape;
        }
    }

    private char? Hex(int digits)
    {
        if (_at + digits > _source.Length || !ushort.TryParse(
            _source.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            return null;
        }

        _at += digits;
        return (char)code;
    }

    private static string Quoted(char character) => char.IsAsciiLetterOrDigit(character)
        ? character.ToString()
        : $"\\u{(int)character:x4}";

    private void Class()
    {
        var isNegated = _at < _source.Length && _source[_at] == '^';
        _at += isNegated ? 1 : 0;
        StringBuilder inside = new();
        while (true)
        {
            if (_at >= _source.Length)
            {
                throw new FormatException("Unterminated character class");
            }

            var character = _source[_at++];
            if (character == ']')
            {
                break;
            }

            inside.Append(ClassPart(character));
        }

        _output.Append(inside.Length > 0 ? $"[{(isNegated ? "^" : "")}{inside}]"
            : isNegated ? "[\\u0000-\\uffff]"
            : "(?:[\\u0000-\\uffff](?<![\\u0000-\\uffff]))");
        NeedsBacktracking |= inside.Length == 0 && !isNegated;
    }

    private string ClassPart(char character)
    {
        if (character == '\\' && _at < _source.Length)
        {
            var escape = _source[_at++];
            return Characters(escape)
                ?? (escape == 'b' ? "\\u0008"
                : escape is >= '1' and <= '7' ? Quoted(Octal(escape))
                : Quoted(Character(escape)));
        }

        // A hyphen that makes a range stays as it is; one beside a class, or at an end, is a character.
        if (character == '-')
        {
            var isFirst = _source[_at - 2] == '[' || IsAt(_at - 3, "[^");
            var isLast = _at < _source.Length && _source[_at] == ']';
            var isBesideClass = _at >= 3 && _source[_at - 3] == '\\' && Characters(_source[_at - 2]) is not null;
            var isBeforeClass = _at + 1 < _source.Length && _source[_at] == '\\'
                && Characters(_source[_at + 1]) is not null;
            return isFirst || isLast || isBesideClass || isBeforeClass ? "\\-" : "-";
        }

        return Quoted(character);
    }
}
