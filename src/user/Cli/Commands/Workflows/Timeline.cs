using System.Globalization;
using System.Text.Json;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>A history as lines that people read: when, what, and the words that matter of it.</summary>
internal sealed class Timeline
{
    private const int DetailCharsMax = 200;

    private static readonly string[] Told =
    [
        "name", "resource", "resourceType", "workerName", "length", "index", "error", "cause", "input", "parameters",
        "output",
    ];

    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);
    private double? _start;
    private int _indent;

    /// <summary>States that were entered and not left yet, each with how often.</summary>
    public IEnumerable<string> OpenStates =>
        _open.Select(each => each.Value > 1 ? $"{each.Key} ({each.Value})" : each.Key);

    public static IEnumerable<string> Of(IReadOnlyList<JsonElement> events)
    {
        Timeline timeline = new();
        return events.Select(timeline.Next);
    }

    /// <summary>The line of the event that comes next.</summary>
    public string Next(JsonElement each)
    {
        var type = each.GetProperty("type").GetString()!;
        var entered = type.EndsWith("StateEntered", StringComparison.Ordinal) && type != "FailStateEntered";
        var left = type.EndsWith("StateExited", StringComparison.Ordinal);
        _start ??= each.GetProperty("timestamp").GetDouble();
        if (left || IsEnd(type))
        {
            _indent = Math.Max(0, _indent - 1);
        }

        var at = each.GetProperty("timestamp").GetDouble() - _start.Value;
        var id = each.GetProperty("id").GetInt64();
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{at,9:0.000}s {id,5} {new string(' ', 2 * _indent)}{type}{Details(each)}");
        if (entered)
        {
            _indent++;
        }

        Count(each, entered ? 1 : left ? -1 : 0);
        if (IsEnd(type))
        {
            // A state that failed is entered and never left.
            _indent = 0;
            _open.Clear();
        }

        return line;
    }

    private void Count(JsonElement each, int change)
    {
        var details = change > 0 ? "stateEnteredEventDetails" : "stateExitedEventDetails";
        if (change != 0 && each.TryGetProperty(details, out var told)
            && told.TryGetProperty("name", out var name) && name.GetString() is { } state)
        {
            var count = _open.GetValueOrDefault(state) + change;
            if (count > 0)
            {
                _open[state] = count;
            }
            else
            {
                _open.Remove(state);
            }
        }
    }

    private static bool IsEnd(string type) =>
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
