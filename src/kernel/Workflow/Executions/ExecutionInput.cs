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

        problem = Worded(text, error);
        return false;
    }

    /// <summary>What is wrong with a text that is not JSON, in the service's words where it is the syntax.</summary>
    internal static string Worded(string text, JsonTextError error) =>
        error.Problem is JsonTextProblem.Syntax && new JsonMistake(text).Find() is { } found ? found : error.ToString();
}
