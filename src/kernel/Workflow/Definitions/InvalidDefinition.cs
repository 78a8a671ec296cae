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
        // Labels are checked by a part of the service that speaks otherwise: in the notation of Python.
        return errors is [{ Code: DiagnosticCodes.InvalidLabelName } label]
            ? $"Error=ValueError Args=[{Noted(Noted(label.Message, MapReader.BadInLabel))}] in definition '{text}'."
            : $"Invalid State Machine Definition: '{string.Join<Diagnostic>(", ", errors)}'";
    }

    // What stands in quotes behind some words.
    private static string Noted(string message, string words) =>
        message.StartsWith(words, StringComparison.Ordinal)
            ? words + Noted(message[(words.Length + 1)..^1])
            : message;

    // In single quotes, or in double ones when there are only single ones inside.
    private static string Noted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal)
            ? '"'
            : '\'';
        StringBuilder noted = new();
        noted.Append(quote);
        foreach (var c in text)
        {
            noted.Append(c switch
            {
                '\t' => "\\t",
                '\n' => "\\n",
                '\r' => "\\r",
                '\\' => "\\\\",
                _ when c == quote => $"\\{c}",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return noted.Append(quote).ToString();
    }
}
