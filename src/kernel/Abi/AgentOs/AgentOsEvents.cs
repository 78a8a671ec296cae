using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>Events between AgentOS programs and the kernel: their names for types, and the shape of one.</summary>
internal static class AgentOsEvents
{
    private const string Custom = "CUSTOM";
    private const string AnyEmitted = "*/*";
    private const int TypeCharsMax = 64;

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["AGENT_SPAWNED"] = EventTypes.Started,
        ["AGENT_EXITED"] = EventTypes.Exited,
        ["AGENT_PAUSED"] = EventTypes.Paused,
        ["AGENT_RESUMED"] = EventTypes.Resumed,
        ["SYSCALL_BLOCKED"] = EventTypes.Denied,
        ["RESOURCE_WARNING"] = EventTypes.LimitReached,
        [Custom] = AnyEmitted,
    };

    private static readonly Dictionary<string, string> Names =
        Types.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static AgentOsRequest Subscribe(AgentOsSubscription wanted) => new()
    {
        Syscall = new Subscribe { Stream = false, Types = Patterns(wanted) },
    };

    public static AgentOsRequest Unsubscribe(AgentOsSubscription unwanted) => new()
    {
        Syscall = new Unsubscribe { Types = unwanted.All == true ? null : Patterns(unwanted) },
    };

    public static AgentOsRequest Poll(AgentOsPoll poll) => new()
    {
        Syscall = new PollEvents { Max = (int)Math.Clamp(poll.Max ?? 100, 1, 1000) },
    };

    /// <summary>There every agent saw every event.</summary>
    public static AgentOsRequest Emit(AgentOsEmit emit) => new()
    {
        Syscall = new Emit
        {
            Type = TypeOf(emit.Event ?? emit.EventType ?? Custom),
            Data = emit.Data,
            To = "everyone",
        },
    };

    public static void Write(Utf8JsonWriter json, EventView view)
    {
        var slash = view.Type.IndexOf('/', StringComparison.Ordinal);
        json.WriteStartObject();
        json.WriteString("type", slash >= 0
            ? view.Type[(slash + 1)..].ToUpperInvariant()
            : Names.GetValueOrDefault(view.Type, view.Type.ToUpperInvariant()));
        json.WritePropertyName("data");
        if (slash >= 0)
        {
            (view.Data ?? JsonElement.Parse("null")).WriteTo(json);
        }
        else
        {
            JsonSerializer.Serialize(json, view, AbiJsonContext.Default.EventView);
        }

        json.WriteNumber("source_agent_id", view.Process?.Value ?? 0);
        json.WriteNumber("timestamp", view.At.ToUnixTimeMilliseconds());
        json.WriteEndObject();
    }

    /// <summary>The name of a pattern that <see cref="Subscribe"/> made.</summary>
    public static string NameOf(string pattern) =>
        Names.GetValueOrDefault(pattern, pattern.StartsWith("*/", StringComparison.Ordinal)
            ? pattern[2..].ToUpperInvariant() : pattern);

    // Programs may wait for events that other programs emit, by any name.
    private static List<string>? Patterns(AgentOsSubscription wanted)
    {
        string?[] names = [.. wanted.EventTypes ?? [], .. wanted.Events ?? [], wanted.Event];
        var patterns = names.OfType<string>().Where(name => name.Length > 0)
            .Select(name => Types.GetValueOrDefault(name, $"*/{TypeOf(name)}")).ToList();
        return patterns.Count > 0 ? patterns : null;
    }

    private static string TypeOf(string name)
    {
        var type = string.Concat(name.Take(TypeCharsMax).Select(character =>
            char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-'
                ? char.ToLowerInvariant(character) : '-'));
        return type.Length > 0 && char.IsAsciiLetterOrDigit(type[0]) ? type : "custom";
    }
}

internal sealed record AgentOsSubscription
{
    public IReadOnlyList<string?>? EventTypes { get; init; }

    public IReadOnlyList<string?>? Events { get; init; }

    public string? Event { get; init; }

    public bool? All { get; init; }
}

internal sealed record AgentOsEmit
{
    public string? Event { get; init; }

    public string? EventType { get; init; }

    public JsonElement? Data { get; init; }
}
