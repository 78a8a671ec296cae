using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

// RECONCILING
//
// What is declared and what is so differ all the time: units wait, are to be restarted, to rest, to leave. After each
// durable event, while there are such units, each is looked at: may it be stopped or started now? Nothing else stops or
// starts units, so that the rules of order are in one place:
//
//   start   all that its agent is declared to come after are there (ready, or ended well), and of those that are
//           restarted together with it none still lives or backs off
//   stop    none that comes after it and is to be stopped too still lives
//
// Levels, not edges: a decision that a crash cut short is taken again by the next kernel.

/// <summary>Starts and stops units as soon as their order allows.</summary>
internal static class UnitOrder
{
    private const int PassesMax = 8;

    /// <summary>An event has been applied. Volatile ones decide nothing here.</summary>
    public static void After(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        if (@event is SyscallArrived { Caller.IsHost: false } arrived)
        {
            WaitGraph.Asked(state, arrived, effects);
            UnitStart.Sent(state, arrived, effects);
        }

        if (@event.IsDurable && (state.Fleets.HasPending || state.Fleets.Rolling.Count > 0))
        {
            Run(state, effects);
        }
    }

    public static void Run(KernelState state, List<Effect> effects)
    {
        for (var pass = 0; pass < PassesMax && (PassIfPending(state, effects) | RollingRestart.Advance(state, effects));
            pass++)
        {
        }
    }

    /// <summary>Agents that a unit waits for.</summary>
    public static IEnumerable<string> Missing(KernelState state, Unit unit)
    {
        foreach (var name in unit.Declared.After ?? [])
        {
            var before = state.Fleets.Of(unit.Fleet, name);
            if (before.Count == 0 || before.Any(each => !each.IsThere))
            {
                yield return name;
            }
        }
    }

    private static bool PassIfPending(KernelState state, List<Effect> effects) =>
        state.Fleets.HasPending && Pass(state, effects);

    private static bool Pass(KernelState state, List<Effect> effects)
    {
        var changed = false;
        var busy = BusyBatches(state);
        foreach (var unit in state.Fleets.Pending.ToArray())
        {
            if (unit.Goal is UnitGoal.Run)
            {
                changed |= TryStart(state, unit, busy, effects);
            }
            else if (!unit.IsLive)
            {
                Arrived(state, unit, effects);
                changed = true;
            }
            else
            {
                changed |= TryStop(state, unit, effects);
            }
        }

        return changed;
    }

    private static bool TryStart(KernelState state, Unit unit, HashSet<long> busy, List<Effect> effects)
    {
        if (!state.Fleets.IsOpen || state.ShuttingDown || unit.Phase is not UnitPhase.Waiting
            || busy.Contains(unit.Batch) || Missing(state, unit).Any() || !HasSupervisor(state, unit))
        {
            return false;
        }

        UnitStart.Start(state, unit, effects);
        return true;
    }

    /// <summary>
    /// A watched unit whose supervisor ended gets its next process as parent when that is ready, and is started below
    /// it.
    /// </summary>
    private static bool HasSupervisor(KernelState state, Unit unit) =>
        unit.SupervisorUnit == 0 || (state.Processes.TryGet(unit.Parent, out var parent)
            && parent is { IsAlive: true, StopCause: null, StartedAt: not null });

    private static bool TryStop(KernelState state, Unit unit, List<Effect> effects)
    {
        var process = state.Require(unit.Process);
        if (process.StopCause is not null || Holds(state, unit))
        {
            return false;
        }

        var why = unit.Goal switch
        {
            UnitGoal.Restart => "its supervisor restarts it",
            UnitGoal.Leave => "its fleet no longer has it",
            _ => "its supervisor stops it",
        };
        var graceMs = unit.Declared.Stop?.GraceMs ?? state.Options.GraceMs;
        ProcessStop.Drain(state, process, why, (unit.Declared.Stop?.DrainMs ?? 0, graceMs), effects);
        UnitTelling.Tell(state, unit, effects);
        return true;
    }

    /// <summary>Somebody that comes after it, or after those, and is to be stopped too still lives.</summary>
    private static bool Holds(KernelState state, Unit unit)
    {
        if (unit.IsWatched || !state.Fleets.TryFleet(unit.Fleet, out var fleet))
        {
            return false;
        }

        HashSet<string> seen = new(StringComparer.Ordinal) { unit.Declared.Name };
        Queue<string> names = new(fleet.DependentsOf(unit.Declared.Name));
        while (names.TryDequeue(out var name))
        {
            if (!seen.Add(name))
            {
                continue;
            }

            if (state.Fleets.Of(unit.Fleet, name).Any(after => after is { IsLive: true, Goal: not UnitGoal.Run }))
            {
                return true;
            }

            foreach (var next in fleet.DependentsOf(name))
            {
                names.Enqueue(next);
            }
        }

        return false;
    }

    /// <summary>It is not live, or no longer: its goal is reached.</summary>
    public static void Arrived(KernelState state, Unit unit, List<Effect> effects)
    {
        var goal = unit.Goal;
        unit.Goal = UnitGoal.Run;
        switch (goal)
        {
            case UnitGoal.Leave:
                Leave(state, unit, effects);
                break;
            case UnitGoal.Restart:
                UnitTimers.Disarm(unit, effects);
                UnitTelling.Change(state, unit, UnitPhase.Waiting, unit.Reason, effects);
                break;
            case UnitGoal.Rest:
                UnitTimers.Disarm(unit, effects);
                UnitTelling.Change(state, unit, unit.RestsAs, unit.Reason, effects);
                UnitNeeds.Rested(state, unit, effects);
                break;
        }
    }

    /// <summary>It is no longer supervised, and has no living process that is.</summary>
    public static void Leave(KernelState state, Unit unit, List<Effect> effects)
    {
        UnitTimers.Disarm(unit, effects);
        UnitTelling.Change(state, unit, UnitPhase.Stopped, unit.Reason, effects);
        state.Fleets.Remove(unit);
        RestingInbox.Gone(state, unit.Name, effects);
        foreach (var below in state.Fleets.Watched
            .Where(each => each.SupervisorUnit == unit.Id && !each.IsLive).ToArray())
        {
            below.Reason = $"its supervisor {unit.Name} is no more";
            Leave(state, below, effects);
        }

        if (state.Fleets.TryFleet(unit.Fleet, out var fleet) && fleet.IsLeaving && !state.Fleets.Of(fleet.Name).Any())
        {
            state.Fleets.Remove(fleet);
        }
    }

    private static HashSet<long> BusyBatches(KernelState state)
    {
        HashSet<long> busy = [];
        if (state.Fleets.Pending.All(unit => unit.Batch == 0))
        {
            return busy;
        }

        foreach (var unit in state.Fleets.Units)
        {
            if (unit.Batch != 0 && (unit.Phase is UnitPhase.BackingOff
                || unit is { IsLive: true, Goal: UnitGoal.Restart }))
            {
                busy.Add(unit.Batch);
            }
        }

        return busy;
    }
}
