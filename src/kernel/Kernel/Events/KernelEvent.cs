using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Events;

/// <summary>
/// Names one request that waits for its answer. The daemon gives it; never reused within one kernel start.
/// </summary>
public readonly record struct CallId(long Value);

/// <summary>Who asks: a process, by the socket of its sandbox, or a client on the host, by its uid.</summary>
public readonly record struct Caller(ProcessId Process, uint Uid)
{
    public bool IsHost => Process == ProcessId.None;
}

/// <summary>
/// Something that happened to the kernel: all that it ever learns. The hierarchy is closed. A durable event is in the
/// journal before any of its effects leaves; state that outlives the kernel depends on durable events alone, so that
/// folding the journal gives it back.
/// </summary>
public abstract record KernelEvent
{
    private protected KernelEvent()
    {
    }

    /// <summary>When it happened, in UTC ticks (100 ns), by the daemon's clock. Never goes back.</summary>
    public required long At { get; init; }

    public abstract bool IsDurable { get; }

    /// <summary>It shows what was spent: usage that waits to be written is written before.</summary>
    public virtual bool ShowsSpending => false;

    /// <summary>It closes leases: it is not written together with answers that they stand for.</summary>
    public virtual bool ClosesLeases => false;
}

/// <summary>The kernel is up, with these options, on this engine. Begins every stretch of the journal.</summary>
public sealed record KernelStarted(string Version, string Engine, KernelOptions Options) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>
/// A syscall came in, already found well-formed. Those that change what outlives the kernel are durable. Of a secret
/// the journal has who changes which, without the value: a record for audits, for the store is not the journal's.
/// </summary>
public sealed record SyscallArrived(CallId Call, Caller Caller, Syscall Syscall) : KernelEvent
{
    public override bool IsDurable => Syscall is Spawn or Kill or Pause or Resume or Shutdown or BudgetSet or SetPerms
        || Syscall is PipeOpen or PipeClose or PipeGive or Watch or Restart or Escalate
        || (Caller.IsHost && Syscall is FleetApply { DryRun: false } or FleetDown or FleetRestart)
        || (Caller.IsHost && Syscall is SecretSet or SecretRemove);

    public override bool ShowsSpending => Syscall is Llm or Metrics or GetPerms;

    public override bool ClosesLeases => Syscall is Shutdown;
}

/// <summary>The client took a call back, or went away.</summary>
public sealed record CallCancelled(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A call's own time-out passed.</summary>
public sealed record CallTimedOut(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A shutdown has waited long enough: what still lives is left to the next start.</summary>
public sealed record ShutdownOverdue : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A launched sandbox exists and its agent runs.</summary>
public sealed record SandboxStarted(
    ProcessId Process, string Key, int HostPid, string Engine, string Tier, IReadOnlyList<string> Missing) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A launch came to nothing.</summary>
public sealed record SandboxStartFailed(ProcessId Process, SysErrorCode Code, string Message, string? Hint)
    : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A sandbox's first process has ended, and all inside with it.</summary>
public sealed record SandboxExited(ProcessId Process, int? Code, int? Signal, Usage Usage) : KernelEvent
{
    public override bool IsDurable => true;

    public override bool ClosesLeases => true;
}

/// <summary>A stopping process did not end within its grace.</summary>
public sealed record GraceElapsed(ProcessId Process) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A process reached its wall-clock limit.</summary>
public sealed record WallTimeElapsed(ProcessId Process) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A limit was overstepped in a way that ends the process.</summary>
public sealed record LimitOverstepped(ProcessId Process, Overstep What, long Count) : KernelEvent
{
    public override bool IsDurable => true;
}

public enum Overstep
{
    /// <summary>The host killed something inside for want of memory.</summary>
    Memory,

    /// <summary>Forks were refused again and again.</summary>
    Pids,
}

/// <summary>
/// The sandbox saw an attempt that it does not allow. Becomes an <see cref="AttemptDenied"/> while few.
/// </summary>
public sealed record DenialReported(ProcessId Process, string Kind, string What, string Reason, long Count)
    : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>The audit record of a denied attempt, or of a refused syscall.</summary>
public sealed record AttemptDenied(ProcessId Process, string Kind, string What, string Reason, long Count) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>The counters of a living process, read a moment ago.</summary>
public sealed record UsageSampled(ProcessId Process, Usage Usage) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>After a restart: a process of before lives on, and is ours again.</summary>
public sealed record LeftoverAdopted(ProcessId Process, int HostPid) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>After a restart: a process of before is gone, or was ended now.</summary>
public sealed record LeftoverReaped(ProcessId Process, string Detail) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>The counters of a process and all below it.</summary>
public sealed record Usage
{
    public long CpuUs { get; init; }

    public long MemoryBytes { get; init; }

    public long MemoryPeakBytes { get; init; }

    public long Pids { get; init; }

    public long ThrottledUs { get; init; }

    public long OomKills { get; init; }

    public long PidLimitHits { get; init; }
}
