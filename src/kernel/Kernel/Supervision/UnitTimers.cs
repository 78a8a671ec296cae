using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Supervision;

/// <summary>The timers of units. When they ring is durable; that they are armed is not.</summary>
internal static class UnitTimers
{
    public static void Arm(Unit unit, long dueAt, List<Effect> effects)
    {
        unit.DueAt = dueAt;
        effects.Add(new ArmTimer(new TimerName(TimerKind.Unit, unit.Id), dueAt));
    }

    public static void Disarm(Unit unit, List<Effect> effects)
    {
        if (unit.DueAt is not null)
        {
            unit.DueAt = null;
            effects.Add(new DisarmTimer(new TimerName(TimerKind.Unit, unit.Id)));
        }

        unit.HasPass = false;
    }

    /// <summary>What watches a process ends with it.</summary>
    public static void ProcessEnded(KernelState state, Unit unit, List<Effect> effects)
    {
        Disarm(unit, effects);
        Unwatch(state, unit, effects);
    }

    /// <summary>Whoever watched its process stops.</summary>
    public static void Unwatch(KernelState state, Unit unit, List<Effect> effects)
    {
        state.Fleets.Watchdogs.Forget(unit.Id);
        UnitNeeds.End(state, unit, effects);
        if (unit.Declared.Ready?.When is ReadyWhen.Probe)
        {
            effects.Add(new DisarmTimer(new TimerName(TimerKind.UnitProbe, unit.Id)));
        }

        if (unit.Declared.Watchdog?.HeartbeatMs > 0)
        {
            effects.Add(new DisarmTimer(new TimerName(TimerKind.UnitHeartbeat, unit.Id)));
        }
    }
}
