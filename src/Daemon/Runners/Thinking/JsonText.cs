using System.Text.Json;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>Whether a text is one JSON value.</summary>
internal static class JsonText
{
    public static bool IsValid(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
