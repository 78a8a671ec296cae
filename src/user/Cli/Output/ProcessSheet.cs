using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Output;

/// <summary>One process, line by line.</summary>
internal static class ProcessSheet
{
    public static IEnumerable<(string Label, string Value)> Lines(ProcessView process)
    {
        yield return ("id", process.Id.ToString());
        yield return ("name", process.Name);
        yield return ("state", ProcessTable.StateName(process.State));
        if (process.Exit is not null)
        {
            yield return ("exit", ExitText.Of(process.Exit));
        }

        yield return ("pid", process.Pid.ToString(CultureInfo.InvariantCulture));
        yield return ("parent", process.Parent == ProcessId.None ? "a client on the host" : process.Parent.ToString());
        yield return ("sandbox", process.Sandboxed ? $"{process.Engine}, {process.Tier}" : "none");
        if (process.Missing.Count > 0)
        {
            yield return ("missing", string.Join(", ", process.Missing));
        }

        yield return ("cpu", $"{Durations.Format(process.CpuMs)}, throttled {Durations.Format(process.ThrottledMs)}");
        yield return (
            "memory", $"{ByteSize.Format(process.MemoryBytes)}, peak {ByteSize.Format(process.MemoryPeakBytes)}");
        yield return ("processes", $"{process.Pids} now, {process.PidLimitHits} forks refused");
        yield return ("denied", $"{process.Denied} attempts");
        if (process.Tools is not null || process.ToolCalls > 0)
        {
            yield return (
                "tools", $"{string.Join(", ", process.Tools ?? [])} ({Plural.Of(process.ToolCalls, "call")})".Trim());
        }

        foreach (var rule in process.Network ?? [])
        {
            yield return ("network", rule);
        }

        yield return ("created", $"{process.CreatedAt:u}, up {Durations.Format(process.UptimeMs)}");
        if (process.ExitedAt is { } end)
        {
            yield return ("ended", $"{end:u}");
        }

        if (process.Limits is { } limits)
        {
            yield return ("limits", LimitsText(limits));
        }
    }

    private static string LimitsText(ResourceLimits limits) => string.Join(", ", new[]
    {
        limits.Memory is { } memory ? $"memory {ByteSize.Format(memory)}" : null,
        limits.MaxPids is { } pids ? $"{pids} processes" : null,
        limits.CpuQuota is > 0 and { } quota
            ? string.Create(CultureInfo.InvariantCulture, $"cpu {quota / (double)(limits.CpuPeriod ?? 100_000):0.##}")
            : null,
        limits.WallMs is { } wall ? $"time {Durations.Format(wall)}" : null,
        limits.OpenFiles is { } files ? $"{files} open files" : null,
        limits.LogBytes is { } log ? $"logs {ByteSize.Format(log)}" : null,
        limits.WorkBytes is { } work ? $"/work {ByteSize.Format(work)}" : null,
    }.OfType<string>());
}
