using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Supervision;

// ONE AFTER THE OTHER
//
// The first of a fleet's rolling list is being restarted; the next follows when it is ready again. Each is stopped as
// always: told to finish, if it has declared time for that; SIGTERM, its grace, then the kill. When one does not come
// back (given up, paused, stopped), the rest is left as it is: they run, and a person is to look at the one that does
// not.

/// <summary>Restarts of many without an hour in which none of them works.</summary>
internal static class RollingRestart
{
    /// <summary>Adds units behind those that are still to come.</summary>
    public static void Begin(
        KernelState state, Fleet fleet, IEnumerable<Unit> units, string reason, List<Effect> effects)
    {
        var begins = fleet.Rolling.Count == 0;
        var ids = units.OrderBy(unit => (fleet.RankOf(unit.Declared.Name), unit.Id)).Select(unit => unit.Id)
            .Except(begins ? [] : fleet.Rolling.Skip(1)).ToArray();
        fleet.Rolling.AddRange(ids);
        fleet.RollingReason = reason;
        state.Fleets.Rolling.Add(fleet.Name);
        if (begins)
        {
            Restart(state, fleet, effects);
        }
    }

    /// <summary>To be called after every durable event.</summary>
    public static bool Advance(KernelState state, List<Effect> effects)
    {
        var advanced = false;
        foreach (var name in state.Fleets.Rolling.Count > 0 ? state.Fleets.Rolling.ToArray() : [])
        {
            advanced |= state.Fleets.TryFleet(name, out var fleet) && fleet.Rolling.Count > 0
                && Advance(state, fleet, effects);
            if (fleet is null || fleet.Rolling.Count == 0)
            {
                state.Fleets.Rolling.Remove(name);
            }
        }

        return advanced;
    }

    private static bool Advance(KernelState state, Fleet fleet, List<Effect> effects)
    {
        if (state.Fleets.TryUnit(fleet.Rolling[0], out var unit) && unit.Goal is not UnitGoal.Leave)
        {
            // One that has done its work and rests until its time comes has come back, too.
            if (!unit.IsThere && !UnitSchedules.IsAtRest(unit))
            {
                if (HasFailed(unit))
                {
                    fleet.Rolling.Clear();
                }

                return false;
            }
        }

        fleet.Rolling.RemoveAt(0);
        Restart(state, fleet, effects);
        return true;
    }

    /// <summary>It is ready, or did not need to be.</summary>
    private static bool HasFailed(Unit unit) => unit.Goal is UnitGoal.Run
        && unit.Phase is UnitPhase.GivenUp or UnitPhase.Paused or UnitPhase.Stopped;

    /// <summary>Begins with the first that is there to be restarted; what rests has nothing to be replaced.</summary>
    private static void Restart(KernelState state, Fleet fleet, List<Effect> effects)
    {
        while (fleet.Rolling.Count > 0)
        {
            if (state.Fleets.TryUnit(fleet.Rolling[0], out var unit)
                && unit.Goal is not UnitGoal.Leave && unit.Phase is not UnitPhase.Scheduled)
            {
                FleetApplying.SetRestarting(state, unit, fleet.RollingReason, effects);
                return;
            }

            fleet.Rolling.RemoveAt(0);
        }
    }
}
