namespace Analemma.Workflow.Json;

/// <summary>Why a text is no JSON that is taken here.</summary>
public enum JsonTextProblem
{
    Syntax,
    InvalidUtf8,
    TooLarge,
    TooDeep,
    NumberTooLong,
}

/// <summary>What is wrong with a text, and where.</summary>
/// <param name="Problem">The kind of it; stable.</param>
/// <param name="Line">From 1; 0 when it is about the whole.</param>
/// <param name="Column">From 1, in bytes.</param>
/// <param name="Message">For people.</param>
public sealed record JsonTextError(JsonTextProblem Problem, long Line, long Column, string Message)
{
    public override string ToString() => Line > 0 ? $"{Message} (line {Line}, column {Column})" : Message;
}

/// <summary>A text was parsed that is no JSON, or beyond a limit.</summary>
public sealed class JsonTextException(JsonTextError error) : Exception(error.ToString())
{
    public JsonTextError Error { get; } = error;
}
