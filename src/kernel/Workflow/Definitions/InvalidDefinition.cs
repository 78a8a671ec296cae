using System.Globalization;
using System.Text;

namespace Analemma.Workflow.Definitions;

/// <summary>What InvalidDefinition says.</summary>
public static class InvalidDefinition
{
    /// <summary>The message of the service for what was found wrong.</summary>
    /// <param name="reading">A reading with an error.</param>
    /// <param name="text">The definition as it was sent.</param>
    public static string Message(DefinitionReading reading, string text)
    {
        var errors = reading.Diagnostics.Where(found => found.IsError).ToArray();
        // Labels are checked by a part of the service that speaks otherwise.
        return errors is [{ Code: DiagnosticCodes.InvalidLabelName } label]
            ? $"Error=ValueError Args=[{Quoted(label.Message)}] in definition '{text}'."
            : $"Invalid State Machine Definition: '{string.Join<Diagnostic>(", ", errors)}'";
    }

    // In single quotes, or in double ones when there are single ones inside.
    private static string Quoted(string message)
    {
        var quote = message.Contains('\'', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder quoted = new();
        quoted.Append(quote);
        foreach (var c in message)
        {
            quoted.Append(c switch
            {
                '\t' => "\\\\t",
                '\n' => "\\\\n",
                '\r' => "\\\\r",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append(quote).ToString();
    }
}
