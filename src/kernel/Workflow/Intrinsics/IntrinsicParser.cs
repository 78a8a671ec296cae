using System.Globalization;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Workflow.Intrinsics;

/// <summary>Reads the text of a call, from left to right.</summary>
internal sealed class IntrinsicParser(string text)
{
    private const int DepthMax = 10;

    private int _at;
    private int _depth;

    private char Current => _at < text.Length ? text[_at] : '\0';

    public IntrinsicCall Parse()
    {
        var call = ParseCall();
        SkipBlanks();
        return _at == text.Length ? call : throw Wrong("something follows the call");
    }

    private IntrinsicCall ParseCall()
    {
        if (++_depth > DepthMax)
        {
            throw Wrong($"calls are nested more than {DepthMax} deep");
        }

        SkipBlanks();
        var from = _at;
        while (char.IsLetterOrDigit(Current) || Current is '.' or '_')
        {
            _at++;
        }

        var name = text[from.._at];
        SkipBlanks();
        Take('(');
        List<IntrinsicArgument> arguments = [];
        SkipBlanks();
        while (Current != ')')
        {
            arguments.Add(ParseArgument());
            SkipBlanks();
            if (Current != ')')
            {
                Take(',');
                SkipBlanks();
            }
        }

        _at++;
        _depth--;
        return new IntrinsicCall(text[from.._at], name, arguments);
    }

    private IntrinsicArgument ParseArgument() => Current switch
    {
        '\'' => ParseText(),
        '$' => new IntrinsicArgument(default, ParsePath(), null),
        'S' => new IntrinsicArgument(default, null, ParseCall()),
        _ => new IntrinsicArgument(ParseWord(), null, null),
    };

    private IntrinsicArgument ParseText()
    {
        var from = ++_at;
        while (_at < text.Length && Current != '\'')
        {
            _at += Current == '\\' ? 2 : 1;
        }

        var raw = _at < text.Length ? text[from.._at] : throw Wrong("a quote is not closed");
        _at++;
        return new IntrinsicArgument(IntrinsicTemplate.Unescape(raw), null, null) { Template = raw };
    }

    // A path ends before the comma or the parenthesis that is not inside its own brackets or quotes.
    private JsonPath ParsePath()
    {
        var from = _at;
        var brackets = 0;
        var quote = '\0';
        while (_at < text.Length)
        {
            var c = Current;
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"' && brackets > 0)
            {
                quote = c;
            }
            else if (c is '[' or '(')
            {
                brackets++;
            }
            else if (brackets == 0 && c is ',' or ')' or ' ')
            {
                break;
            }
            else if (c is ']' or ')')
            {
                brackets--;
            }

            _at++;
        }

        var path = text[from.._at];
        return JsonPath.TryParse(path) ?? throw Wrong($"'{path}' is no path");
    }

    private JsonValue ParseWord()
    {
        var from = _at;
        while (char.IsLetterOrDigit(Current) || Current is '-' or '+' or '.')
        {
            _at++;
        }

        var word = text[from.._at];
        return word switch
        {
            "true" => JsonValue.True,
            "false" => JsonValue.False,
            "null" => JsonValue.Null,
            _ when long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                whole,
            _ when double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Wrong("an argument is a text in single quotes, a number, a path or a call"),
        };
    }

    private void SkipBlanks()
    {
        while (Current is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }
    }

    private void Take(char wanted)
    {
        if (Current != wanted)
        {
            throw Wrong($"'{wanted}' is missing");
        }

        _at++;
    }

    private IntrinsicSyntaxException Wrong(string what) => new(text, what);
}
