using System.Globalization;
using System.Text.Json;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>A history as lines that people read: when, what, and the words that matter of it.</summary>
internal static class Timeline
{
    private const int DetailCharsMax = 200;

    private static readonly string[] Told =
    [
        "name", "resource", "resourceType", "workerName", "length", "index", "error", "cause", "input", "parameters",
        "output",
    ];

    public static IEnumerable<string> Of(IReadOnlyList<JsonElement> events)
    {
        if (events.Count == 0)
        {
            yield break;
        }

        var start = events[0].GetProperty("timestamp").GetDouble();
        var indent = 0;
        foreach (var each in events)
        {
            var type = each.GetProperty("type").GetString()!;
            if (type.EndsWith("Exited", StringComparison.Ordinal) || IsEndOfBranches(type))
            {
                indent = Math.Max(0, indent - 1);
            }

            var at = each.GetProperty("timestamp").GetDouble() - start;
            var id = each.GetProperty("id").GetInt64();
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{at,9:0.000}s {id,5} {new string(' ', 2 * indent)}{type}{Details(each)}");
            if (type.EndsWith("StateEntered", StringComparison.Ordinal) && type != "FailStateEntered")
            {
                indent++;
            }
        }
    }

    // A state that failed is entered and never left.
    private static bool IsEndOfBranches(string type) =>
        type is "ExecutionSucceeded" or "ExecutionFailed" or "ExecutionAborted" or "ExecutionTimedOut";

    private static string Details(JsonElement each)
    {
        var details = each.EnumerateObject().FirstOrDefault(
            member => member.Name.EndsWith("EventDetails", StringComparison.Ordinal)).Value;
        if (details.ValueKind is not JsonValueKind.Object)
        {
            return "";
        }

        List<string> parts = [];
        foreach (var name in Told)
        {
            if (details.TryGetProperty(name, out var value))
            {
                var text = value.ToString();
                parts.Add($"{name}={(text.Length > DetailCharsMax ? text[..DetailCharsMax] + "…" : text)}");
            }
        }

        return parts.Count == 0 ? "" : "  " + string.Join(' ', parts);
    }
}
