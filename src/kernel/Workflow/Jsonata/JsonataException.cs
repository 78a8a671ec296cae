using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata;

/// <summary>
/// An expression is wrong, or failed. The codes are JSONata's own: S for syntax, T for types, D for what happened
/// while it ran; D1011 and D1012 say that it went too deep or took too many steps.
/// </summary>
public sealed class JsonataException : Exception
{
    internal JsonataException(string code, JsonValue value = default)
    {
        Code = code;
        Value = value;
    }

    /// <summary>Stable: S0201, T2001 …</summary>
    public string Code { get; }

    /// <summary>Where in the expression: the offset, in UTF-16 characters, after the token that failed.</summary>
    public int? Position { get; internal set; }

    /// <summary>The operator, function or text that it is about.</summary>
    public string? Token { get; internal set; }

    /// <summary>The value that was wrong.</summary>
    public JsonValue Value { get; internal init; }

    public override string Message => JsonataMessages.For(this);

    internal JsonValue Value2 { get; init; }

    /// <summary>Of the argument, from 1.</summary>
    internal int Index { get; init; }

    internal string? Text { get; init; }

    /// <summary>The thread's stack was nearly full: an end for the whole evaluation, whoever came upon it.</summary>
    internal bool IsStackFull { get; init; }

    internal int Offset { get; init; }

    internal JsonataException At(int position, string? token = null)
    {
        Position ??= position;
        Token ??= token;
        return this;
    }
}
