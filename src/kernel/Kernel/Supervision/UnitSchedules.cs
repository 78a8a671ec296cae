using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Supervision;

// THE CLOCK
//
// A unit with a schedule rests (scheduled, or given up) until its DueAt, which the daemon has worked out from the data
// of the zone. One run at a time: what falls due while it runs, or while its restart policy is at work, is left out, as
// with the timers of systemd. What fell due while no kernel ran is left out too, or made up for by one run: `missed`.

/// <summary>Units that are started by the clock.</summary>
internal static class UnitSchedules
{
    public const string ZoneDefault = "UTC";

    public static bool Has(Unit unit) => unit.Declared.Schedule is not null;

    /// <summary>It rests: the next time is asked for. Of units without a schedule nothing.</summary>
    public static void Rested(Unit unit, List<Effect> effects, long now)
    {
        if (unit.Declared.Schedule is { } schedule && Rests(unit))
        {
            effects.Add(new AskSchedule(unit.Id, schedule.Cron, schedule.Zone ?? ZoneDefault, now));
        }
    }

    public static void Told(KernelState state, ScheduleTold told, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(told.Unit, out var unit) || !Rests(unit)
            || unit.Declared.Schedule is not { } schedule
            || schedule.Cron != told.Cron || (schedule.Zone ?? ZoneDefault) != told.Zone)
        {
            return;
        }

        if (told.DueAt is { } due)
        {
            UnitTimers.Arm(unit, due, effects);
        }
        else
        {
            UnitTimers.Disarm(unit, effects);
            unit.Reason = told.Problem;
        }

        UnitTelling.Tell(state, unit, effects);
    }

    /// <summary>Its time has come.</summary>
    public static void Due(KernelState state, Unit unit, string reason, List<Effect> effects)
    {
        UnitTimers.Disarm(unit, effects);
        unit.Starts.Clear();
        (unit.Failures, unit.Tries) = (0, 0);
        UnitTelling.Change(state, unit, UnitPhase.Waiting, reason, effects);
    }

    /// <summary>A new kernel: what fell due before it, what is still to come, and what nobody had answered.</summary>
    public static void Settled(KernelState state, Unit unit, List<Effect> effects)
    {
        if (unit.DueAt is { } due && due >= state.BootedAt)
        {
            UnitTimers.Arm(unit, due, effects);
        }
        else if (unit.DueAt is not null && unit.Declared.Schedule!.Missed is MissedStart.Once)
        {
            Due(state, unit, "missed while no kernel ran", effects);
        }
        else
        {
            UnitTimers.Disarm(unit, effects);
            Rested(unit, effects, state.Now);
        }
    }

    /// <summary>It is declared otherwise: what starts it may be another thing now.</summary>
    public static void Redeclared(KernelState state, Unit unit, List<Effect> effects)
    {
        if (unit is not { IsLive: false, Goal: UnitGoal.Run }
            || unit.Phase is not (UnitPhase.Scheduled or UnitPhase.GivenUp or UnitPhase.Stopped))
        {
            return;
        }

        if (unit.Declared.StartOn is StartOn.Schedule or StartOn.Message)
        {
            UnitTimers.Disarm(unit, effects);
            var phase = unit.Phase is UnitPhase.Stopped ? UnitPhase.Scheduled : unit.Phase;
            UnitTelling.Change(state, unit, phase, unit.Reason, effects);
            Rested(unit, effects, state.Now);
        }
        else if (unit.Phase is UnitPhase.Scheduled && !UnitNeeds.IsOnDemand(unit))
        {
            UnitTimers.Disarm(unit, effects);
            UnitTelling.Change(state, unit, UnitPhase.Waiting, "declared otherwise", effects);
        }
    }

    /// <summary>It has no process, and something from outside starts it: declaring it otherwise does not.</summary>
    public static bool IsAtRest(Unit unit) => unit is { Phase: UnitPhase.Scheduled, Goal: UnitGoal.Run };

    /// <summary>True of one that does nothing until its time comes.</summary>
    public static bool Rests(Unit unit) =>
        Has(unit) && unit is { Phase: UnitPhase.Scheduled or UnitPhase.GivenUp, Goal: UnitGoal.Run };
}
