using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel;

/// <summary>
/// What the owner of the machine decided. It enters the kernel with <see cref="Events.KernelStarted"/>, so that a
/// replay of the journal decides as the kernel did then.
/// </summary>
public sealed record KernelOptions
{
    public const int EventsKeptDefault = 2_048;

    public LimitSet Defaults { get; init; } = new();

    /// <summary>Between SIGTERM and the kill, when the caller does not say.</summary>
    public long GraceMs { get; init; } = 2_000;

    /// <summary>Living processes at once.</summary>
    public int ProcessesMax { get; init; } = 10_000;

    /// <summary>Records of dead processes that are kept; the oldest go first.</summary>
    public int DeadRecordsMax { get; init; } = 1_000;

    /// <summary>Durable events that are kept for subscribers; the oldest go first.</summary>
    // Zero where a journal was written before they were kept.
    public int EventsKept { get; init => field = value > 0 ? value : EventsKeptDefault; } = EventsKeptDefault;

    // Null where a journal was written before there were models.
    public ModelOptions Models { get; init => field = value ?? new(); } = new();

    // Null where a journal was written before there were servers of tools.
    public ToolOptions Tools { get; init => field = value ?? new(); } = new();

    // Null where a journal was written before there was supervision.
    public SupervisionOptions Supervision { get; init => field = value ?? new(); } = new();

    // Null where a journal was written before there was a store.
    public Values.StoreOptions Store { get; init => field = value ?? new(); } = new();

    /// <summary>Guarantees that the sandbox engine gives on this host.</summary>
    public IReadOnlyList<string> Enforced { get; init; } = GuaranteeNames.All;

    /// <summary>Whether a client on the host may ask for a process without a sandbox.</summary>
    public bool UnsandboxedAllowed { get; init; } = true;
}

/// <summary>The limits of one process, every field decided. Units are in the names.</summary>
public sealed record LimitSet
{
    public const long NoQuota = -1;

    public long MemoryBytes { get; init; } = 256L * 1024 * 1024;

    public int Pids { get; init; } = 64;

    public long CpuQuotaUs { get; init; } = 100_000;

    public long CpuPeriodUs { get; init; } = 100_000;

    public int CpuWeight { get; init; } = 100;

    /// <summary>Zero: no limit.</summary>
    public long WallMs { get; init; }

    public int OpenFiles { get; init; } = 1024;

    public long LogBytes { get; init; } = 16L * 1024 * 1024;

    public long WorkBytes { get; init; } = 64L * 1024 * 1024;

    public ResourceLimits ToWire() => new()
    {
        Memory = MemoryBytes,
        MaxPids = Pids,
        CpuQuota = CpuQuotaUs,
        CpuPeriod = CpuPeriodUs,
        CpuWeight = CpuWeight,
        WallMs = WallMs == 0 ? null : WallMs,
        OpenFiles = OpenFiles,
        LogBytes = LogBytes,
        WorkBytes = WorkBytes,
    };
}
