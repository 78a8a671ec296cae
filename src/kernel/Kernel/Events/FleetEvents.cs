using Analemma.Abi;

namespace Analemma.Kernel.Events;

/// <summary>
/// When a schedule is due next, in UTC ticks; null with a problem when that cannot be said. It names what was asked, so
/// that an answer to an old question is known.
/// </summary>
public sealed record ScheduleTold(long Unit, string Cron, string Zone, long? DueAt, string? Problem) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>Somebody needs a unit that waits to be needed.</summary>
public sealed record UnitNeeded(long Unit, string Why) : KernelEvent
{
    /// <summary>Its process before was started for the same, and ended without taking it.</summary>
    public bool IsAgain { get; init; }

    public override bool IsDurable => true;
}

/// <summary>A unit's process has had nothing to do for as long as it may.</summary>
public sealed record UnitIdled(long Unit, ProcessId Process) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>Time to look whether a unit's process has anything to do.</summary>
public sealed record IdleDue(long Unit) : KernelEvent
{
    public override bool IsDurable => false;
}
