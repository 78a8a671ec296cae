using System.Globalization;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Happenings;

/// <summary>What a subscriber wants to be told, as it asked. Says nothing of what it may be told.</summary>
internal sealed record Selection
{
    public static Selection All { get; } = new();

    /// <summary>Patterns; null for all.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>A name, or an id in digits.</summary>
    public string? Agent { get; init; }

    public IReadOnlyDictionary<string, string>? Where { get; init; }

    public static Selection Of(EventSelection asked) => new()
    {
        Types = asked.Types is { Count: > 0 } types ? types : null,
        Agent = asked.Agent,
        Where = asked.Where is { Count: > 0 } fields ? fields : null,
    };

    public bool Takes(EventView view) =>
        (Types is null || Types.Any(pattern => TypePattern.Matches(pattern, view.Type)))
        && (Agent is null || Agent == view.Name || Agent == view.Process?.ToString())
        && (Where is null || Where.All(field => FieldOf(view, field.Key) == field.Value));

    /// <summary>Whether there is such a field.</summary>
    public static bool IsField(string field) =>
        field is "kind" or "what" or "reason" or "name" or "exit.cause" or "exit.code" or "exit.signal" or "data"
        || (field.StartsWith("data.", StringComparison.Ordinal) && field.Split('.').All(part => part.Length > 0));

    private static string? FieldOf(EventView view, string field) => field switch
    {
        "kind" => view.Kind,
        "what" => view.What,
        "reason" => view.Reason,
        "name" => view.Name,
        "exit.cause" => view.Exit is { } exit ? CauseName(exit.Cause) : null,
        "exit.code" => view.Exit?.Code?.ToString(CultureInfo.InvariantCulture),
        "exit.signal" => view.Exit?.Signal?.ToString(CultureInfo.InvariantCulture),
        _ => InData(view.Data, field.Split('.')[1..]),
    };

    private static string? InData(JsonElement? data, string[] path)
    {
        if (data is not { } at)
        {
            return null;
        }

        foreach (var part in path)
        {
            if (at.ValueKind is not JsonValueKind.Object || !at.TryGetProperty(part, out at))
            {
                return null;
            }
        }

        return at.ValueKind is JsonValueKind.String ? at.GetString() : at.GetRawText();
    }

    // As the wire has it.
    private static string CauseName(ExitCause cause) =>
        JsonSerializer.SerializeToElement(cause, AbiJsonContext.Default.ExitCause).GetString() ?? "";
}
