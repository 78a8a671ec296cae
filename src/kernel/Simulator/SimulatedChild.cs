using Analemma.Abi;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

internal enum ChildState
{
    Launching,
    Running,
    Dead,
}

/// <summary>One simulated sandbox. It outlives the kernel's crashes, as real ones do.</summary>
internal sealed class SimulatedChild(ProcessId id, SpawnPlan plan, SimulatedChild? parent)
{
    public ProcessId Id { get; } = id;

    public SpawnPlan Plan { get; } = plan;

    public SimulatedChild? Parent { get; } = parent;

    public ChildState State { get; set; }

    public bool IsFrozen { get; set; }

    public bool IgnoresTerm { get; init; }

    public bool HasTerm { get; set; }

    public int HostPid { get; set; }

    /// <summary>When its end was handed to the kernel.</summary>
    public long? NoticeAt { get; set; }

    public long PidLimitHits { get; set; }

    public long OomKills { get; set; }

    public SimulatedConnection? Connection { get; set; }

    public Usage Usage(long ticks) => new()
    {
        CpuUs = ticks % 1_000_000,
        MemoryBytes = Plan.Limits.MemoryBytes / 2,
        PidLimitHits = PidLimitHits,
        OomKills = OomKills,
    };
}
