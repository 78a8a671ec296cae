using System.Buffers;
using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>Cuts an expression into tokens, one at a time.</summary>
internal sealed class Lexer(string text)
{
    private const string Single = ".[]{}(),@#;:?+-*/%|=<>^&!~";

    private static readonly string[] Double = ["..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"];

    private static readonly string[] SingleTexts = [.. Single.Select(character => character.ToString())];

    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\n\r\v" + Single);

    private int _position;

    /// <param name="isInfix">Whether an operator is expected: then / divides, else it begins a pattern.</param>
    public Token Next(bool isInfix)
    {
        SkipBlanks();
        if (_position >= text.Length)
        {
            return new Token(TokenKind.End, "(end)", default, text.Length);
        }

        var character = text[_position];
        if (character == '/' && !isInfix)
        {
            _position++;
            return Regex();
        }

        foreach (var op in Double)
        {
            if (op[0] == character && _position + 1 < text.Length && text[_position + 1] == op[1])
            {
                _position += 2;
                return new Token(TokenKind.Operator, op, default, _position);
            }
        }

        var single = Single.IndexOf(character, StringComparison.Ordinal);
        if (single >= 0)
        {
            _position++;
            return new Token(TokenKind.Operator, SingleTexts[single], default, _position);
        }

        return character switch
        {
            '"' or '\'' => String(character),
            >= '0' and <= '9' => Number(),
            '`' => QuotedName(),
            _ => Name(),
        };
    }

    private static bool IsBlank(char character) => character is ' ' or '\t' or '\n' or '\r' or '\v';

    private void SkipBlanks()
    {
        while (true)
        {
            while (_position < text.Length && IsBlank(text[_position]))
            {
                _position++;
            }

            if (_position + 1 >= text.Length || text[_position] != '/' || text[_position + 1] != '*')
            {
                return;
            }

            var end = text.IndexOf("*/", _position + 2, StringComparison.Ordinal);
            if (end < 0)
            {
                throw new JsonataException("S0106").At(_position);
            }

            _position = end + 2;
        }
    }

    private Token Name()
    {
        var rest = text.AsSpan(_position);
        var length = rest.IndexOfAny(NameEnds);
        var name = (length < 0 ? rest : rest[..length]).ToString();
        _position += name.Length;
        return name switch
        {
            "or" or "in" or "and" => new Token(TokenKind.Operator, name, default, _position),
            "true" => new Token(TokenKind.Value, name, JsonValue.True, _position),
            "false" => new Token(TokenKind.Value, name, JsonValue.False, _position),
            "null" => new Token(TokenKind.Value, name, JsonValue.Null, _position),
            ['$', ..] => new Token(TokenKind.Variable, name[1..], default, _position),
            _ => new Token(TokenKind.Name, name, default, _position),
        };
    }

    private Token QuotedName()
    {
        _position++;
        var end = text.IndexOf('`', _position);
        if (end < 0)
        {
            throw new JsonataException("S0105").At(text.Length);
        }

        var name = text[_position..end];
        _position = end + 1;
        return new Token(TokenKind.Name, name, default, _position);
    }

    private Token Number()
    {
        var end = _position + 1;
        if (text[_position] != '0')
        {
            end = Digits(end);
        }

        if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            end = Digits(end + 1);
        }

        if (end < text.Length && text[end] is 'e' or 'E')
        {
            var digits = end + 1 < text.Length && text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            end = Digits(digits) is var after && after > digits ? after : end;
        }

        var written = text.AsSpan(_position, end - _position);
        var number = double.Parse(written, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            throw new JsonataException("S0102").At(_position, written.ToString());
        }

        _position = end;
        return new Token(TokenKind.Number, "(literal)", JsonValue.From(number), _position);
    }

    private int Digits(int from)
    {
        while (from < text.Length && char.IsAsciiDigit(text[from]))
        {
            from++;
        }

        return from;
    }

    private Token String(char quote)
    {
        _position++;
        var plain = text.AsSpan(_position);
        var end = plain.IndexOfAny(quote, '\\');
        if (end >= 0 && plain[end] == quote)
        {
            _position += end + 1;
            return new Token(TokenKind.String, "(literal)", JsonValue.From(plain[..end].ToString()), _position);
        }

        StringBuilder value = new();
        while (_position < text.Length)
        {
            var character = text[_position];
            if (character == quote)
            {
                _position++;
                return new Token(TokenKind.String, "(literal)", JsonValue.From(value.ToString()), _position);
            }

            value.Append(character == '\\' ? Escape() : character);
            _position++;
        }

        throw new JsonataException("S0101").At(text.Length);
    }

    /// <summary>Stands on a backslash, and leaves the position on the escape's last character.</summary>
    private char Escape()
    {
        _position++;
        var escape = _position < text.Length ? text[_position] : '\0';
        switch (escape)
        {
            case '"' or '\\' or '/':
                return escape;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _position + 4 < text.Length && ushort.TryParse(
                text.AsSpan(_position + 1, 4),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out var code):
                _position += 4;
                return (char)code;
            case 'u':
                throw new JsonataException("S0104").At(_position);
            default:
                throw new JsonataException("S0103").At(_position, escape == '\0' ? "" : escape.ToString());
        }
    }

    private Token Regex()
    {
        var start = _position;
        var depth = 0;
        for (; _position < text.Length; _position++)
        {
            var character = text[_position];
            if (character == '/' && depth == 0 && !IsEscaped(_position))
            {
                return RegexUntil(start, _position);
            }

            if (text[_position - 1] != '\\')
            {
                depth += character is '(' or '[' or '{' ? 1 : character is ')' or ']' or '}' ? -1 : 0;
            }
        }

        throw new JsonataException("S0302").At(_position);
    }

    private Token RegexUntil(int start, int end)
    {
        if (end == start)
        {
            throw new JsonataException("S0301").At(end);
        }

        _position++;
        var flags = _position;
        while (_position < text.Length && text[_position] is 'i' or 'm')
        {
            _position++;
        }

        return new Token(TokenKind.Regex, text[start..end], default, _position, text[flags.._position]);
    }

    private bool IsEscaped(int position)
    {
        var backslashes = 0;
        while (text[position - backslashes - 1] == '\\')
        {
            backslashes++;
        }

        return backslashes % 2 == 1;
    }
}
