namespace Analemma.Workflow.Executions;

/// <summary>Finds the first mistake in a text, and words it as the service's parser does.</summary>
internal sealed class JsonMistake(string text)
{
    private const string Values = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'";

    private readonly Stack<char> _open = new();
    private int _at;
    private bool _isNested;

    private char Current => _at < text.Length ? text[_at] : '\0';

    /// <summary>Null when it finds none.</summary>
    public string? Find()
    {
        if (Value() is { } first)
        {
            return first;
        }

        while (_open.TryPeek(out var open))
        {
            SkipBlanks();
            if (Current == open)
            {
                _open.Pop();
                _at++;
                continue;
            }

            if (Current is '}' or ']')
            {
                return $"Unexpected close marker '{Current}': expected '{open}'";
            }

            var kind = open == '}' ? "Object" : "Array";
            if (_at >= text.Length)
            {
                return $"Unexpected end-of-input: expected close marker for {kind}";
            }

            if (Current != ',')
            {
                return Unexpected($"was expecting comma to separate {kind} entries");
            }

            _at++;
            if ((open == '}' ? Name() : null) is { } wrong || (wrong = Value()) is not null)
            {
                return wrong;
            }
        }

        var isAlone = _at >= text.Length || Current is ' ' or '\t' or '\n' or '\r';
        return isAlone || _isNested ? null : Unexpected("Expected space separating root-level values");
    }

    // Opens what is nested, and leaves it to the loop to close it: no text is too deep for this.
    private string? Value()
    {
        while (true)
        {
            SkipBlanks();
            if (Current is '{' or '[')
            {
                var close = Current == '{' ? '}' : ']';
                _open.Push(close);
                _isNested = true;
                _at++;
                SkipBlanks();
                if (Current == close)
                {
                    return null;
                }

                if (close == '}' && Name() is { } wrong)
                {
                    return wrong;
                }

                continue;
            }

            return Scalar();
        }
    }

    private string? Name()
    {
        SkipBlanks();
        if (Current != '"')
        {
            return _at >= text.Length
                ? "Unexpected end-of-input within/between Object entries"
                : Unexpected("was expecting double-quote to start field name");
        }

        if (Quoted() is { } wrong)
        {
            return wrong;
        }

        SkipBlanks();
        if (Current != ':')
        {
            return Unexpected("was expecting a colon to separate field name and value");
        }

        _at++;
        return null;
    }

    private string? Scalar()
    {
        if (_at >= text.Length)
        {
            return "Unexpected end-of-input";
        }

        if (Current == '"')
        {
            return Quoted();
        }

        if (Current == '-' || char.IsAsciiDigit(Current))
        {
            return Number();
        }

        var from = _at;
        while (char.IsLetterOrDigit(Current) || Current is '_' or '$')
        {
            _at++;
        }

        var word = text[from.._at];
        if (word.Length == 0)
        {
            return Unexpected($"expected a valid value ({Values})");
        }

        return word is "true" or "false" or "null" ? null : $"Unrecognized token '{word}': was expecting ({Values})";
    }

    private string? Number()
    {
        _at += Current == '-' ? 1 : 0;
        if (!char.IsAsciiDigit(Current))
        {
            return InNumber("expected digit (0-9) to follow minus sign, for valid numeric value");
        }

        if (Current == '0' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]))
        {
            return "Invalid numeric value: Leading zeroes not allowed";
        }

        SkipDigits();
        if (Current == '.')
        {
            _at++;
            if (!char.IsAsciiDigit(Current))
            {
                return InNumber("Decimal point not followed by a digit");
            }

            SkipDigits();
        }

        if (Current is not ('e' or 'E'))
        {
            return null;
        }

        _at++;
        _at += Current is '+' or '-' ? 1 : 0;
        if (!char.IsAsciiDigit(Current))
        {
            return InNumber("Exponent indicator not followed by a digit");
        }

        SkipDigits();
        return null;
    }

    private string? Quoted()
    {
        _at++;
        while (_at < text.Length && Current != '"')
        {
            if (Current < ' ')
            {
                return FormattableString.Invariant(
                    $"Illegal unquoted character ((CTRL-CHAR, code {(int)Current})): has to be escaped using ")
                    + "backslash to be included in string value";
            }

            if (Current != '\\')
            {
                _at++;
            }
            else if (Escape() is { } wrong)
            {
                return wrong;
            }
        }

        if (_at >= text.Length)
        {
            return "Unexpected end-of-input: was expecting closing quote for a string value";
        }

        _at++;
        return null;
    }

    private string? Escape()
    {
        _at++;
        if (Current == 'u')
        {
            for (var end = ++_at + 4; _at < end; _at++)
            {
                if (!char.IsAsciiHexDigit(Current))
                {
                    return _at >= text.Length
                        ? "Unexpected end-of-input in character escape sequence"
                        : Unexpected("expected a hex-digit for character escape sequence");
                }
            }

            return null;
        }

        if (_at >= text.Length)
        {
            return "Unexpected end-of-input in character escape sequence";
        }

        if (!"\"\\/bfnrt".Contains(Current))
        {
            return FormattableString.Invariant($"Unrecognized character escape '{Current}' (code {(int)Current})");
        }

        _at++;
        return null;
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(Current))
        {
            _at++;
        }
    }

    private string InNumber(string why) =>
        FormattableString.Invariant($"Unexpected character ('{Current}' (code {(int)Current})) in numeric value: ")
        + why;

    private void SkipBlanks()
    {
        while (Current is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }
    }

    private string Unexpected(string wanted) =>
        FormattableString.Invariant($"Unexpected character ('{Current}' (code {(int)Current})): {wanted}");
}
