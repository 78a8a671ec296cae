using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>METRICS_AGENT, METRICS_ALL and METRICS_CGROUP: what LIST and INSPECT know, in shapes of that day.</summary>
internal static class AgentOsFigures
{
    private const string PathPrefix = "analemma/";

    public static AgentOsRequest Agent(AgentOsPerms request) =>
        request.AgentId is < 1 or > ProcessId.Max
            ? Refuse("agent_id is a whole number from 1 to 4294967295")
            : Inspect(request.AgentId is { } id ? new ProcessId(id) : null, null);

    /// <summary>
    /// A path is one that METRICS_AGENT told, or an agent's name or id: it is looked up among the agents, never on the
    /// host.
    /// </summary>
    public static AgentOsRequest Cgroup(AgentOsCgroup request)
    {
        if (string.IsNullOrEmpty(request.CgroupPath))
        {
            return Inspect(null, null);
        }

        var name = request.CgroupPath.TrimStart('/');
        name = name.StartsWith(PathPrefix, StringComparison.Ordinal) ? name[PathPrefix.Length..] : name;
        return long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && id is >= 1 and <= ProcessId.Max ? Inspect(new ProcessId(id), null)
            : name.Contains('/', StringComparison.Ordinal) || name.Contains("..", StringComparison.Ordinal)
            ? Refuse($"cgroup_path is {PathPrefix}ID or the name of an agent, as METRICS_AGENT tells it")
            : Inspect(null, name);
    }

    /// <summary>The fields of one agent, in an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, ProcessView view)
    {
        json.WriteNumber("agent_id", view.Id.Value);
        json.WriteString("name", view.Name);
        json.WriteNumber("pid", view.Pid);
        json.WriteString("status", AgentOsEncoder.StateOf(view.State));
        json.WriteNumber("uptime_ms", view.UptimeMs);
        json.WriteBoolean("sandboxed", view.Sandboxed);
        json.WriteStartObject("process");
        json.WriteNumber("cpu_time_ms", view.CpuMs);
        json.WriteNumber("memory_bytes", view.MemoryBytes);
        json.WriteNumber("memory_peak_bytes", view.MemoryPeakBytes);
        json.WriteNumber("processes", view.Pids);
        json.WriteEndObject();
        json.WriteStartObject("cgroup");
        WriteCgroup(json, view);
        json.WriteEndObject();
        json.WriteStartObject("kernel_stats");
        json.WriteNumber("denied", view.Denied);
        json.WriteNumber("tool_calls", view.ToolCalls);
        json.WriteEndObject();
    }

    public static void WriteCgroup(Utf8JsonWriter json, ProcessView view)
    {
        var limits = view.Limits ?? new ResourceLimits();
        json.WriteString("path", PathPrefix + view.Id.Value.ToString(CultureInfo.InvariantCulture));
        json.WriteStartObject("memory");
        json.WriteNumber("current", view.MemoryBytes);
        json.WriteNumber("peak", view.MemoryPeakBytes);
        json.WriteNumber("max", limits.Memory ?? 0);
        json.WriteEndObject();
        json.WriteStartObject("cpu");
        json.WriteNumber("usage_ms", view.CpuMs);
        json.WriteNumber("throttled_ms", view.ThrottledMs);
        json.WriteNumber("quota", limits.CpuQuota ?? 0);
        json.WriteNumber("period", limits.CpuPeriod ?? 0);
        json.WriteEndObject();
        json.WriteStartObject("pids");
        json.WriteNumber("current", view.Pids);
        json.WriteNumber("max", limits.MaxPids ?? 0);
        json.WriteEndObject();
    }

    private static AgentOsRequest Inspect(ProcessId? id, string? name) =>
        new() { Syscall = new Inspect { Id = id, Name = name } };

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };
}
