using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>
/// GET_AUDIT_LOG and SET_AUDIT_CONFIG. The audit log is the kernel's: what it keeps is for the owner of the machine to
/// set, so that who is watched cannot turn it off.
/// </summary>
internal static class AgentOsAudit
{
    private const int MaxDefault = 100;
    private const int Maximum = 1000;

    /// <summary>What is kept, by the names of that day.</summary>
    private static readonly (string Name, bool IsKept)[] Kept =
    [
        ("log_syscalls", true), ("log_security", true), ("log_lifecycle", true), ("log_ipc", false),
        ("log_state", false), ("log_resource", true), ("log_network", true), ("log_world", false),
    ];

    /// <summary>Categories of that day are ours, or have no records here.</summary>
    public static AgentOsRequest Get(AgentOsAuditQuery query)
    {
        if (query.AgentId is < 1 or > ProcessId.Max)
        {
            return Refuse("agent_id is a whole number from 1 to 4294967295");
        }

        var category = query.Category?.ToLowerInvariant();
        var ours = category switch
        {
            null or "" => null,
            "security" or "network" or "resource" => "security",
            "lifecycle" or "syscall" or "syscalls" => "lifecycle",
            "ipc" or "state" or "world" => "",
            _ => "?",
        };
        if (ours == "?")
        {
            return Refuse("category is one of security, lifecycle, syscall, resource, network, ipc, state, world");
        }

        return ours == ""
            ? new AgentOsRequest { Answer = AgentOsEncoder.Encode(new Audit(), new AuditReply([]), []) }
            : new AgentOsRequest
            {
                Syscall = new Audit
                {
                    Id = query.AgentId is { } id ? new ProcessId(id) : null,
                    Category = ours,
                    Since = Math.Max(0, query.SinceId ?? 0),
                    Max = (int)Math.Clamp(query.Limit ?? MaxDefault, 1, Maximum),
                },
            };
    }

    /// <summary>Tells what is kept. What would keep less is refused.</summary>
    public static AgentOsRequest Configure(Dictionary<string, JsonElement> request)
    {
        foreach (var (name, isKept) in Kept)
        {
            if (isKept && request.TryGetValue(name, out var asked) && asked.ValueKind is JsonValueKind.False)
            {
                return new AgentOsRequest
                {
                    Error = SysError.PermissionDenied(
                        $"the audit log cannot be turned off: {name} stays true",
                        "the owner of the machine sets how much is kept: journal.audit_bytes, journal.audit_days"),
                };
            }
        }

        return new AgentOsRequest { Answer = AgentOsEncoder.Write(WriteConfig) };
    }

    public static void Write(Utf8JsonWriter json, AuditReply reply)
    {
        json.WriteBoolean("success", true);
        json.WriteNumber("count", reply.Records.Count);
        json.WriteStartArray("entries");
        foreach (var record in reply.Records)
        {
            json.WriteStartObject();
            json.WriteNumber("id", record.Id);
            json.WriteString(
                "timestamp", record.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("category", record.Category.ToUpperInvariant());
            json.WriteString("event_type", record.Type);
            json.WriteNumber("agent_id", ProcessOf(record));
            json.WriteBoolean("success", record.Type is not ("attempt.denied" or "agent.halted" or "limit.overstepped"
                or "sandbox.start_failed"));
            json.WritePropertyName("details");
            record.Details.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteBoolean("success", true);
        json.WriteStartObject("config");
        json.WriteNumber("max_entries", 0);
        foreach (var (name, isKept) in Kept)
        {
            json.WriteBoolean(name, isKept);
        }

        json.WriteEndObject();
    }

    private static long ProcessOf(AuditRecord record) =>
        record.By.Split(' ') is ["process", var number]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };
}
