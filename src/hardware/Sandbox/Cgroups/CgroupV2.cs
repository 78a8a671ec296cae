using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// One sandbox in cgroup v2. The group holds the limits; its leaf holds the processes and says that they die together
/// when one is killed for want of memory (memory.oom.group), which leaves children in their own groups alone.
/// </summary>
internal sealed class CgroupV2(CgroupTreeV2 tree, string path) : ICgroup
{
    public string Path { get; } = path;

    public string? HierarchyPath => $"{tree.BaseInHierarchy}/{Path}/{CgroupFiles.Leaf}";

    // Version 2 takes a single thread only from a group that shares its resources.
    public IReadOnlyList<string> JoinFiles => ProcessFiles;

    public IReadOnlyList<string> ProcessFiles => Directory.Exists(LeafFolder) ? [$"{LeafFolder}/cgroup.procs"] : [];

    public bool IsEmpty => CgroupFiles.ReadField($"{Group}/cgroup.events", "populated"u8) == 0;

    private string Group => tree.Folder(Path);

    private string LeafFolder => $"{Group}/{CgroupFiles.Leaf}";

    public IReadOnlyList<(string Guarantee, string Reason)> Apply(SandboxLimits limits, SandboxLimits? before)
    {
        List<(string, string)> failed = [];
        if (limits.MemoryBytes != before?.MemoryBytes)
        {
            Note(GuaranteeNames.Memory, SetMemory(limits.MemoryBytes));
        }

        if (limits.Pids != before?.Pids)
        {
            Note(GuaranteeNames.Pids, Set("pids.max", Text(limits.Pids)));
        }

        if (limits.CpuWeight != before?.CpuWeight)
        {
            Note(GuaranteeNames.Cpu, Set("cpu.weight", Text(limits.CpuWeight)));
        }

        if ((limits.CpuQuotaUs, limits.CpuPeriodUs) != (before?.CpuQuotaUs, before?.CpuPeriodUs))
        {
            var quota = limits.CpuQuotaUs > 0 ? Text(limits.CpuQuotaUs) : "max";
            Note(GuaranteeNames.Cpu, Set("cpu.max", $"{quota} {Text(limits.CpuPeriodUs)}"));
        }

        return failed;

        void Note(string guarantee, string? reason)
        {
            // What the host lacks is in the engine's report; here is what it has and would not take.
            if (reason is not null && tree.Lack(guarantee) is null && !failed.Exists(one => one.Item1 == guarantee))
            {
                failed.Add((guarantee, reason));
            }
        }
    }

    public void Freeze() => SetFrozen("1");

    public void Thaw() => SetFrozen("0");

    public void Kill()
    {
        if (CgroupFiles.Write($"{Group}/cgroup.kill", "1") is null)
        {
            return;
        }

        // Before Linux 5.14. A frozen process dies of SIGKILL in v2.
        const int sigkill = 9;
        foreach (var pid in Directory.Exists(Group) ? CgroupFiles.Pids(Group) : [])
        {
            using var process = PidFd.TryOpen(pid);
            process?.TrySignal(sigkill);
        }
    }

    public SandboxUsage ReadUsage() => new()
    {
        CpuUs = CgroupFiles.ReadField($"{Group}/cpu.stat", "usage_usec"u8),
        MemoryBytes = CgroupFiles.Read($"{Group}/memory.current"),
        MemoryPeakBytes = CgroupFiles.Read($"{Group}/memory.peak"),
        Pids = CgroupFiles.Read($"{Group}/pids.current"),
        ThrottledUs = CgroupFiles.ReadField($"{Group}/cpu.stat", "throttled_usec"u8),
        OomKills = CgroupFiles.ReadField($"{LeafFolder}/memory.events", "oom_kill"u8),

        // Kernels before 6.11 count a refused fork where it was tried, later ones where the limit is.
        PidLimitHits = Math.Max(
            CgroupFiles.ReadField($"{Group}/pids.events", "max"u8),
            CgroupFiles.ReadField($"{LeafFolder}/pids.events", "max"u8)),
    };

    public IDisposable? WatchOom(Watcher watcher, Action happened) => null;

    public void MoveTo(ICgroup target) => CgroupFiles.Move(LeafFolder, target);

    public IReadOnlyList<ICgroup> Children() =>
        [.. CgroupFiles.Groups(Group).Select(name => new CgroupV2(tree, $"{Path}/{name}"))];

    public bool TryRemove() => CgroupFiles.TryRemoveTree(Group);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private string? Set(string file, string value) => CgroupFiles.Write($"{Group}/{file}", value);

    private string? SetMemory(long bytes)
    {
        _ = CgroupFiles.Write($"{LeafFolder}/memory.oom.group", "1");
        if (Set("memory.max", Text(bytes)) is { } reason)
        {
            return reason;
        }

        return File.Exists($"{Group}/memory.swap.max") ? Set("memory.swap.max", "0") : null;
    }

    private void SetFrozen(string state)
    {
        if (CgroupFiles.Write($"{LeafFolder}/cgroup.freeze", state) is { } reason)
        {
            throw new SandboxException($"cannot set the freezer to {state}: {reason}");
        }
    }
}
