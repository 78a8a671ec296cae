using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// One sandbox in cgroup v1. Counters that v1 keeps per group and not per tree (OOM kills) are the leaf's, so that a
/// child's are not taken for the parent's. <c>memory.failcnt</c> stays 0 on new kernels and is not used.
/// </summary>
internal sealed class CgroupV1(CgroupTreeV1 tree, string path) : ICgroup
{
    private const int KillPassesMax = 16;

    public string Path { get; } = path;

    public string? HierarchyPath =>
        tree.BaseInHierarchy is { } above ? $"{above}/{Path}/{CgroupFiles.Leaf}" : null;

    public IReadOnlyList<string> JoinFiles => LeafFiles("tasks");

    public IReadOnlyList<string> ProcessFiles => LeafFiles("cgroup.procs");

    public bool IsEmpty => CgroupFiles.Pids(AnyGroup).Count == 0;

    // Processes are in the same groups of every hierarchy; any one tells who is inside.
    private string AnyGroup => Group("freezer") ?? Group("pids") ?? Group("memory") ?? Group("cpu")
        ?? Group("cpuacct") ?? "";

    public IReadOnlyList<(string Guarantee, string Reason)> Apply(SandboxLimits limits, SandboxLimits? before)
    {
        List<(string, string)> failed = [];
        if (limits.MemoryBytes != before?.MemoryBytes)
        {
            Note(GuaranteeNames.Memory, SetMemory(limits.MemoryBytes));
        }

        if (limits.Pids != before?.Pids)
        {
            Note(GuaranteeNames.Pids, Set("pids", "pids.max", limits.Pids));
        }

        if (limits.CpuWeight != before?.CpuWeight)
        {
            Note(GuaranteeNames.Cpu, Set("cpu", "cpu.shares", Shares(limits.CpuWeight)));
        }

        if ((limits.CpuQuotaUs, limits.CpuPeriodUs) != (before?.CpuQuotaUs, before?.CpuPeriodUs))
        {
            Note(GuaranteeNames.Cpu, SetQuota(limits));
        }

        return failed;

        void Note(string guarantee, string? reason)
        {
            if (reason is not null && !failed.Exists(one => one.Item1 == guarantee))
            {
                failed.Add((guarantee, reason));
            }
        }
    }

    public void Freeze() => SetState("FROZEN");

    public void Thaw() => SetState("THAWED");

    public void Kill()
    {
        HashSet<int> signalled = [];
        for (var pass = 0; pass < KillPassesMax; pass++)
        {
            // A killed process may have forked before it died; a pass that finds nobody new ends it.
            var isNew = false;
            foreach (var pid in CgroupFiles.Pids(AnyGroup))
            {
                isNew |= signalled.Add(pid);
                KillMember(pid);
            }

            if (!isNew)
            {
                break;
            }
        }

        // A frozen process dies only when it thaws, as do those of frozen children.
        ThawTree(Group("freezer"));
    }

    public SandboxUsage ReadUsage()
    {
        var memory = Group("memory");
        var pids = Group("pids");
        return new SandboxUsage
        {
            CpuUs = CgroupFiles.Read($"{Group("cpuacct")}/cpuacct.usage") / 1000,
            MemoryBytes = CgroupFiles.Read($"{memory}/memory.usage_in_bytes"),
            MemoryPeakBytes = CgroupFiles.Read($"{memory}/memory.max_usage_in_bytes"),
            Pids = CgroupFiles.Read($"{pids}/pids.current"),
            ThrottledUs = CgroupFiles.ReadField($"{Group("cpu")}/cpu.stat", "throttled_time"u8) / 1000,
            OomKills = ReadLeaf(memory, "memory.oom_control", "oom_kill"u8),

            // Kernels before 6.11 count a refused fork where it was tried, later ones where the limit is.
            PidLimitHits = Math.Max(
                CgroupFiles.ReadField($"{pids}/pids.events", "max"u8),
                ReadLeaf(pids, "pids.events", "max"u8)),
        };
    }

    public IDisposable? WatchOom(Watcher watcher, Action happened) =>
        Group("memory") is { } memory ? OomEvent.Watch($"{memory}/{CgroupFiles.Leaf}", watcher, happened) : null;

    public void MoveTo(ICgroup target) => CgroupFiles.Move($"{AnyGroup}/{CgroupFiles.Leaf}", target);

    public IReadOnlyList<ICgroup> Children() =>
    [
        .. tree.Bases.Values
            .SelectMany(folder => CgroupFiles.Groups($"{folder}/{Path}"))
            .Distinct()
            .Select(name => new CgroupV1(tree, $"{Path}/{name}")),
    ];

    public bool TryRemove()
    {
        var all = true;
        foreach (var folder in tree.AllBases)
        {
            all &= CgroupFiles.TryRemoveTree($"{folder}/{Path}");
        }

        return all;
    }

    /// <summary>v2's default weight of 100 is v1's default of 1024 shares.</summary>
    internal static long Shares(int weight) => Math.Clamp(weight * 1024L / 100, 2, 262_144);

    private List<string> LeafFiles(string name) =>
        [.. tree.Bases.Values.Distinct().Select(folder => $"{folder}/{Path}/{CgroupFiles.Leaf}/{name}")];

    private string? Group(string controller) =>
        tree.Bases.TryGetValue(controller, out var folder) ? $"{folder}/{Path}" : null;

    // A runtime that was not told of the leaf makes a group of its own in it.
    private long ReadLeaf(string? group, string file, ReadOnlySpan<byte> field)
    {
        var leaf = $"{group}/{CgroupFiles.Leaf}";
        var sum = CgroupFiles.ReadField($"{leaf}/{file}", field);
        foreach (var below in tree.BaseInHierarchy is null ? CgroupFiles.Below(leaf) : [])
        {
            sum += CgroupFiles.ReadField($"{below}/{file}", field);
        }

        return sum;
    }

    private string? Set(string controller, string file, long value) => Group(controller) is { } group
        ? CgroupFiles.Write($"{group}/{file}", value.ToString(CultureInfo.InvariantCulture))
        : $"no cgroup v1 controller {controller}";

    // memsw (memory and swap) may never be below memory, so the order depends on the direction. Without memsw a
    // swappiness of 0 is the next best, and no swap at all the best.
    private string? SetMemory(long bytes)
    {
        const string memsw = "memory.memsw.limit_in_bytes";
        _ = Set("memory", "memory.swappiness", 0);
        if (Set("memory", "memory.limit_in_bytes", bytes) is { } reason)
        {
            _ = Set("memory", memsw, bytes);
            reason = Set("memory", "memory.limit_in_bytes", bytes);
            return reason;
        }

        var hasMemsw = Group("memory") is { } group && File.Exists($"{group}/{memsw}");
        return hasMemsw ? Set("memory", memsw, bytes) : null;
    }

    private string? SetQuota(SandboxLimits limits)
    {
        var failed = limits.CpuQuotaUs > 0 ? Set("cpu", "cpu.cfs_period_us", limits.CpuPeriodUs) : null;
        return failed ?? Set("cpu", "cpu.cfs_quota_us", limits.CpuQuotaUs);
    }

    private void SetState(string state)
    {
        if (Group("freezer") is not { } group)
        {
            throw new SandboxException("cannot pause: the host gives no cgroup freezer");
        }

        if (CgroupFiles.Write($"{group}/{CgroupFiles.Leaf}/freezer.state", state) is { } reason)
        {
            throw new SandboxException($"cannot set the freezer to {state}: {reason}");
        }
    }

    private void KillMember(int pid)
    {
        // Between reading the pid and holding it, it may have become another process's.
        using var process = PidFd.TryOpen(pid);
        var isMember = (ProcFiles.TryRead($"/proc/{pid}/cgroup") ?? "").Contains($"/{Path}/", StringComparison.Ordinal);
        if (isMember)
        {
            const int sigkill = 9;
            process?.TrySignal(sigkill);
        }
    }

    private static void ThawTree(string? group)
    {
        if (group is null)
        {
            return;
        }

        _ = CgroupFiles.Write($"{group}/freezer.state", "THAWED");
        foreach (var below in CgroupFiles.Below(group))
        {
            ThawTree(below);
        }
    }
}
