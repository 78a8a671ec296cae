using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Something the kernel wants done outside, once its event is durable. The hierarchy is closed; each kind has one
/// runner in the daemon and one in the simulator. Effects of one event start in their order.
/// </summary>
public abstract record Effect
{
    private protected Effect()
    {
    }
}

/// <summary>Ends a call with an answer.</summary>
public sealed record Answer(CallId Call, Reply Reply) : Effect;

/// <summary>Ends a call with a refusal.</summary>
public sealed record Refuse(CallId Call, SysError Error) : Effect;

/// <summary>
/// Makes and starts a sandbox. Comes back as SandboxStarted or SandboxStartFailed, exactly one of them.
/// </summary>
public sealed record Launch(ProcessId Process, SpawnPlan Plan, string? ParentKey) : Effect;

/// <summary>Sends a signal to the first process of a sandbox.</summary>
public sealed record SendSignal(ProcessId Process, int Signal) : Effect;

/// <summary>Kills everything in a sandbox. Comes back, in time, as SandboxExited.</summary>
public sealed record KillAll(ProcessId Process) : Effect;

public sealed record Freeze(ProcessId Process) : Effect;

public sealed record Thaw(ProcessId Process) : Effect;

/// <summary>
/// Runs the data part of a call (EXEC, READ, WRITE, FILES, LOGS) and ends it. Ids and rights are settled.
/// </summary>
public sealed record Perform(CallId Call, ProcessId Process, Syscall Syscall) : Effect;

/// <summary>Fills in what only the daemon knows of itself, and answers.</summary>
public sealed record DescribeKernel(CallId Call, StatusReply Known) : Effect;

/// <summary>
/// Adds what only the daemon has measured to the kernel's own figures, and answers; for an agent nothing but its own.
/// </summary>
public sealed record DescribeMetrics(CallId Call, KernelFigures Known) : Effect;

/// <summary>Answers AUDIT: the latest records after one, of a category and a process, if those are given.</summary>
public sealed record ReadAudit(CallId Call, string? Category, ProcessId? Process, long Since, int Max) : Effect;

/// <summary>Sends one event to a subscriber, if it keeps up.</summary>
public sealed record Publish(CallId Subscriber, EventView Event) : Effect;

/// <summary>Brings an event about: it comes back through the queue, and through the journal when durable.</summary>
public sealed record Raise(KernelEvent Event) : Effect
{
    /// <summary>
    /// Of durable events: nobody waits for it, so it is written with what is written next, and before what shows or
    /// ends what it tells of (see KernelTurns).
    /// </summary>
    public bool MayWait { get; init; }
}

/// <summary>
/// Brings its event (see TimerKind) about at a time, unless disarmed. A timer of the same name replaces it.
/// </summary>
public sealed record ArmTimer(TimerName Timer, long DueAt) : Effect;

public sealed record DisarmTimer(TimerName Timer) : Effect;

/// <summary>Removes what is kept of a dead process: its log and its files.</summary>
public sealed record Forget(ProcessId Process, string? Key) : Effect;

/// <summary>Nothing lives any more and the kernel was asked to stop.</summary>
public sealed record StopKernel : Effect;

/// <summary>What a timer is for, and whom.</summary>
public readonly record struct TimerName(TimerKind Kind, long Id);

public enum TimerKind
{
    /// <summary>Raises GraceElapsed; the id is a process.</summary>
    Grace,

    /// <summary>Raises WallTimeElapsed; the id is a process.</summary>
    WallTime,

    /// <summary>Raises CallTimedOut; the id is a call.</summary>
    Call,

    /// <summary>Raises ShutdownOverdue; the id is 0.</summary>
    Shutdown,

    /// <summary>Raises ModelQueueElapsed; the id is a call.</summary>
    ModelQueue,

    /// <summary>Raises ModelRetryDue; the id is a call.</summary>
    ModelRetry,

    /// <summary>Raises ModelHedgeDue; the id is a call.</summary>
    ModelHedge,

    /// <summary>Raises UsageDue; the id is 0.</summary>
    Usage,

    /// <summary>Raises ModelWakeDue; the id is a provider's place in the options.</summary>
    ModelWake,

    /// <summary>Raises ToolCallOverdue; the id is a call.</summary>
    ToolCall,

    /// <summary>Raises UnitDue; the id is a unit.</summary>
    Unit,

    /// <summary>Raises ProbeDue; the id is a unit.</summary>
    UnitProbe,

    /// <summary>Raises HeartbeatDue; the id is a unit.</summary>
    UnitHeartbeat,

    /// <summary>Raises IdleDue; the id is a unit.</summary>
    UnitIdle,

    /// <summary>Raises MailDue; the id is 0.</summary>
    Mail,

    /// <summary>Raises ValueExpiryDue; the id is 0.</summary>
    ValueExpiry,
}
