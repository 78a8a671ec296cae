using System.Diagnostics.CodeAnalysis;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>Input as a client sends it: text that must be JSON.</summary>
public static class ExecutionInput
{
    /// <summary>Reads it, or says what is wrong in the service's words.</summary>
    public static bool TryParse(string text, out JsonValue value, [NotNullWhen(false)] out string? problem) =>
        TryParse(text, ExecutionLimits.PayloadBytesMax, out value, out problem);

    /// <inheritdoc cref="TryParse(string, out JsonValue, out string?)"/>
    public static bool TryParse(
        string text, int bytesMax, out JsonValue value, [NotNullWhen(false)] out string? problem) =>
        TryParse(text, JsonLimits.Payload with { BytesMax = bytesMax }, out value, out problem);

    /// <inheritdoc cref="TryParse(string, out JsonValue, out string?)"/>
    public static bool TryParse(
        string text, JsonLimits limits, out JsonValue value, [NotNullWhen(false)] out string? problem)
    {
        value = default;
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "Invalid execution input.";
            return false;
        }

        if (JsonValue.TryParse(Encoding.UTF8.GetBytes(text), limits, out value, out var error))
        {
            problem = null;
            return true;
        }

        problem = error.Problem is JsonTextProblem.Syntax && new JsonMistake(text).Find() is { } found
            ? found
            : error.ToString();
        return false;
    }
}

/// <summary>Finds the first mistake in a text, and words it as the service's parser does.</summary>
internal sealed class JsonMistake(string text)
{
    private const string Values = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'";

    private readonly Stack<char> _open = new();
    private int _at;

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

        return null;
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

        var from = _at;
        while (char.IsLetterOrDigit(Current) || Current is '_' or '$' or '+' or '-' or '.')
        {
            _at++;
        }

        var word = text[from.._at];
        if (word.Length == 0)
        {
            return Unexpected($"expected a valid value ({Values})");
        }

        return word is "true" or "false" or "null" || char.IsAsciiDigit(word[0]) || word[0] == '-'
            ? null
            : $"Unrecognized token '{word}': was expecting ({Values})";
    }

    private string? Quoted()
    {
        _at++;
        while (_at < text.Length && Current != '"')
        {
            _at += Current == '\\' ? 2 : 1;
        }

        if (_at >= text.Length)
        {
            return "Unexpected end-of-input: was expecting closing quote for a string value";
        }

        _at++;
        return null;
    }

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
