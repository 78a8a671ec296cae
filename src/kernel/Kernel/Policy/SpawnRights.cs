using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Policy;

/// <summary>
/// What a spawner may ask for. A client on the host may ask for anything the owner allows; an agent for nothing that it
/// does not have itself: rights narrow on the way down and never widen.
/// </summary>
internal static class SpawnRights
{
    public static SysError? Problem(KernelOptions options, Process? parent, Spawn request)
    {
        if (request.Sandboxed == false && !options.UnsandboxedAllowed)
        {
            return Denied("unsandboxed", "the owner of this kernel allows no process without a sandbox");
        }

        if (parent is null)
        {
            return null;
        }

        if (request.Sandboxed == false && parent.Plan.Sandboxed)
        {
            return Denied("unsandboxed", "a sandboxed agent cannot spawn one without a sandbox");
        }

        if (request.Network == true && !parent.Plan.Network)
        {
            return Denied("network", "an agent without network cannot spawn one that has it");
        }

        if (request.Mounts is { Count: > 0 })
        {
            return Denied("mounts", "an agent cannot show host files to another");
        }

        if (request.Models is { } share && share with { Budget = null } != new ModelShare())
        {
            return Denied("models", "an agent shares its models with those it spawns, and cannot give them more");
        }

        return TooMuch(parent.Plan.Limits, request.Limits ?? new ResourceLimits());
    }

    private static SysError? TooMuch(LimitSet own, ResourceLimits asked)
    {
        (string Name, long? Asked, long Own)[] limits =
        [
            ("memory", asked.Memory, own.MemoryBytes),
            ("max_pids", asked.MaxPids, own.Pids),
            ("open_files", asked.OpenFiles, own.OpenFiles),
            ("log_bytes", asked.LogBytes, own.LogBytes),
            ("work_bytes", asked.WorkBytes, own.WorkBytes),
        ];
        foreach (var (name, wanted, has) in limits)
        {
            if (wanted > has)
            {
                return Denied($"limits.{name}", $"limits.{name} is {wanted}, and the spawner itself has {has}");
            }
        }

        if (own.CpuQuotaUs == LimitSet.NoQuota || asked.CpuQuota is not { } quota)
        {
            return null;
        }

        var period = asked.CpuPeriod ?? own.CpuPeriodUs;
        return quota == LimitSet.NoQuota || (Int128)quota * own.CpuPeriodUs > (Int128)own.CpuQuotaUs * period
            ? Denied("limits.cpu_quota", "limits.cpu_quota asks for more CPU than the spawner itself has")
            : null;
    }

    private static SysError Denied(string capability, string message) =>
        SysError.PermissionDenied(message, $"missing capability: {capability}");
}
