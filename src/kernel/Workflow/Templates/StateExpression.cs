using Analemma.Workflow.Json;

namespace Analemma.Workflow.Templates;

/// <summary>An expression of JSONata as states have it: without an input, with $states and the variables.</summary>
internal sealed class StateExpression(string text)
{
    public string Text => text;

    /// <summary>Variables that it reads and does not bind itself, without $states.</summary>
    public IReadOnlyList<string> FreeVariables { get; } = [];

    /// <summary>Null, and what is wrong, when the text is no expression.</summary>
    public static StateExpression? TryCompile(string text, out string problem)
    {
        problem = $"this build has no JSONata: '{text}'";
        return null;
    }

    /// <summary>Undefined when it gives nothing.</summary>
    /// <exception cref="StateErrorException">It ended in an error.</exception>
    public JsonValue Evaluate(EvaluationScope scope, string location) =>
        throw StateErrorException.Query($"'{Text}' at {scope.At}", location);
}
