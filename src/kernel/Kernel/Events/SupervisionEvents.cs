using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Events;

/// <summary>Every process of the kernel before is adopted or reaped: what is supervised can be started.</summary>
public sealed record KernelSettled : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>The timer of a unit rang: its next start is due, or it was not ready in time.</summary>
public sealed record UnitDue(long Unit) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A unit's process is ready. How is for people.</summary>
public sealed record UnitReady(long Unit, ProcessId Process, string How, string? Status) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A unit's process gave no sign of life, or made no progress.</summary>
public sealed record WatchdogBarked(long Unit, ProcessId Process, string Kind, string Detail) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A process of a unit was seen to suffer from something, or with null no longer.</summary>
public sealed record TroubleNoted(ProcessId Process, Trouble? Trouble) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A provider serves again: who is parked may try.</summary>
public sealed record OutageOver(string Provider) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>Time to look whether a unit's process gave a sign of life.</summary>
public sealed record HeartbeatDue(long Unit) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>Time to ask a unit's process whether it is ready.</summary>
public sealed record ProbeDue(long Unit) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A probe has ended.</summary>
public sealed record ProbeEnded(long Unit, ProcessId Process, bool IsReady, string Detail) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>What an escalation's log lines are has been found: subscribers can be told.</summary>
public sealed record EscalationTold(Escalation Escalation, IReadOnlyList<string> Log) : KernelEvent
{
    public override bool IsDurable => false;
}
