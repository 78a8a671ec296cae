using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>
/// Permissions in the AgentOS framing, as far as there is one of ours for one of its: a level, and whether an agent may
/// think and spawn. What cannot be taken away here, such as its own files, is refused rather than ignored.
/// </summary>
internal static class AgentOsPermissions
{
    private static readonly string[] All = ["*"];

    private static readonly string[] Family = ["_family"];

    private static readonly string[] Own = ["agent/*"];

    private static readonly string[] Shared = ["agent/*", "group/*"];

    public static AgentOsRequest Get(AgentOsPerms request) => Target(request, id => new GetPerms { Id = id });

    public static AgentOsRequest Set(AgentOsPerms request)
    {
        var level = Level(request.Level);
        if (request.Level is not null && level is null)
        {
            return Refuse("level is one of unrestricted, standard, sandboxed, readonly, minimal");
        }

        if (level is null && request.Permissions is null)
        {
            return Refuse("level or permissions required");
        }

        var permissions = level ?? new Permissions();
        foreach (var (name, value) in request.Permissions ?? [])
        {
            if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                return Refuse($"permissions.{name} is not served by this version; level, can_think and can_spawn are");
            }

            var list = value.GetBoolean() ? All : [];
            switch (name)
            {
                case "can_think":
                    permissions = permissions with { Models = list };
                    break;
                case "can_spawn":
                    permissions = permissions with { Spawn = list };
                    break;
                case "can_exec" or "can_read" or "can_write" when value.GetBoolean():
                    // In its own sandbox it always may.
                    break;
                default:
                    return Refuse($"permissions.{name} cannot be changed; level, can_think and can_spawn can");
            }
        }

        return Target(request, id => new SetPerms { Id = id, Permissions = permissions });
    }

    public static void Write(Utf8JsonWriter json, Syscall syscall, PermsReply reply)
    {
        json.WriteBoolean("success", true);
        if (syscall is SetPerms)
        {
            json.WriteNumber("agent_id", reply.Id.Value);
            return;
        }

        json.WriteStartObject("permissions");
        json.WriteBoolean("can_exec", true);
        json.WriteBoolean("can_read", true);
        json.WriteBoolean("can_write", true);
        json.WriteBoolean("can_think", reply.Permissions.Models is { Count: > 0 });
        json.WriteBoolean("can_spawn", reply.Permissions.Spawn is { Count: > 0 });
        json.WriteBoolean("can_http", reply.Network.Count > 0);
        json.WriteStartObject("filesystem");
        Write(json, "read", ["/work/*"]);
        Write(json, "write", ["/work/*"]);
        Write(json, "blocked", []);
        json.WriteEndObject();
        Write(json, "exec", All);
        Write(json, "blocked_commands", []);
        Write(json, "network", reply.Network);
        Write(json, "http_methods", []);
        json.WriteStartObject("llm");
        json.WriteNumber("max_tokens", reply.Budget?.Tokens ?? 0);
        json.WriteNumber("max_calls", 0);
        json.WriteNumber("tokens_used", (reply.Used?.InputTokens ?? 0) + (reply.Used?.OutputTokens ?? 0));
        json.WriteNumber("calls_made", reply.Calls);
        json.WriteEndObject();
        json.WriteNumber("max_exec_time_ms", 0);
        json.WriteEndObject();
    }

    private static Permissions? Level(string? name) => name switch
    {
        "unrestricted" => Of(All, All, All, ["*"]),
        "standard" => Of(Family, All, All, Shared),
        "sandboxed" => Of(Family, [], All, Own),
        "readonly" => Of(Family, [], All, Own) with { StoreWrite = [], Kill = [], Exec = [], Send = [], Emit = [] },
        "minimal" => Of([], [], [], []),
        _ => null,
    };

    private static Permissions Of(string[] agents, string[] spawn, string[] models, string[] store) => new()
    {
        Send = agents,
        Kill = agents,
        Read = agents,
        Exec = agents,
        Spawn = spawn,
        Models = models,
        StoreRead = store,
        StoreWrite = store,
        Emit = models,
    };

    private static AgentOsRequest Target(AgentOsPerms request, Func<ProcessId?, Syscall> build) =>
        request.AgentId is < 1 or > ProcessId.Max
            ? Refuse("agent_id is a whole number from 1 to 4294967295")
            : new AgentOsRequest { Syscall = build(request.AgentId is { } id ? new ProcessId(id) : null) };

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> list)
    {
        json.WriteStartArray(name);
        foreach (var item in list)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };
}
