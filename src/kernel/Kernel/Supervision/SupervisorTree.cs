using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Supervision;

// WHO SEES TO A FAILURE
//
//   an agent fails        its supervisor restarts it, after a delay, and by its strategy others with it
//   … too often           it is given up, and that is a failure of its supervisor: the supervisor falls
//   restarts too often    the child is given up and the supervisor falls
//   a supervisor falls    the one above restarts all that is below it, after a delay
//   … too often           all below it is given up, and the one above falls
//   it came to the root   what is given up stays so, and the host is told: event, log, webhook
//
// As in Erlang/OTP (Supervisor Behaviour, "Maximum Restart Intensity"), but that the root never ends. Where an agent is
// the supervisor (WATCH), it is told and decides: RESTART, or ESCALATE, by which it fails itself.

/// <summary>Restarts, and what comes after them.</summary>
internal static class SupervisorTree
{
    /// <summary>A unit has no process any more and its policy wants another.</summary>
    public static void Failed(KernelState state, Unit unit, ExitStatus exit, long ranMs, List<Effect> effects)
    {
        if (ranMs >= unit.Restart.ResetAfterMs)
        {
            unit.Failures = 0;
        }

        unit.Failures++;
        unit.Tries = 0;
        var burst = unit.Restart.Burst;
        if (burst > 0
            && RestartPace.Within(unit.Starts, state.Now, unit.Restart.IntervalMs) is var starts && starts >= burst)
        {
            var limit = $"{Times(starts, "start")} within {Seconds(unit.Restart.IntervalMs)}, which is the limit";
            GiveUp(state, unit, exit, limit, effects);
            return;
        }

        if (Above(state, unit) is var (fleet, supervisor) && supervisor is not null)
        {
            if (!Allows(state, supervisor))
            {
                GiveUp(state, unit, exit, LimitOf(supervisor), effects);
                return;
            }

            CountRestart(state, supervisor);
            TakeAlong(state, fleet!, supervisor, each => IsAfter(fleet!, each, unit), unit);
        }

        BackOff(state, unit, RestartPace.BoundMs(unit.Restart, unit.Failures), ExitText.Of(exit), effects);
    }

    /// <summary>A unit is not started again, and whoever is above must see to that.</summary>
    public static void GiveUp(KernelState state, Unit unit, ExitStatus exit, string limit, List<Effect> effects)
    {
        List<string> chain = [.. unit.Chain, $"{unit.Name} {ExitText.Of(exit)}; {limit}"];
        var origin = unit.Chain.Count > 0 ? unit.ChainOf : unit.Process;
        unit.Chain.Clear();
        UnitTelling.Change(state, unit, UnitPhase.GivenUp, $"{ExitText.Of(exit)}; {limit}", effects);
        UnitSchedules.Rested(unit, effects, state.Now);
        if (Above(state, unit) is (not null, not null) and var (fleet, supervisor))
        {
            Fall(state, unit, fleet, supervisor, new Causes(chain, origin), effects);
            return;
        }

        var to = UnitTelling.SupervisorOf(state, unit);
        if (state.Processes.TryGet(unit.Parent, out var parent))
        {
            // Should it pass this on, the chain goes with it.
            (unit.Chain, unit.ChainOf) = ([.. chain], origin);
            chain.Add($"told {parent.Name}, which supervises it");
        }

        Tell(unit, new Causes(chain, origin), to, webhook: null, effects);
    }

    /// <summary>A delay, then another start.</summary>
    private static void BackOff(KernelState state, Unit unit, long boundMs, string reason, List<Effect> effects)
    {
        var delayMs = RestartPace.DelayMs(state, unit, boundMs);
        unit.Restarts++;
        unit.IsAfterFailure = true;
        unit.Phase = UnitPhase.BackingOff;
        unit.Reason = reason;
        unit.HasPass = false;
        state.Fleets.Track(unit);
        UnitTimers.Arm(unit, state.Now + (delayMs * TimeSpan.TicksPerMillisecond), effects);
        UnitTelling.Tell(state, unit, effects, note => note with { DelayMs = delayMs, BoundMs = boundMs });
    }

    /// <summary>What is below a supervisor cannot be kept running as it is.</summary>
    private static void Fall(
        KernelState state, Unit unit, Fleet fleet, SupervisorState fallen, Causes causes, List<Effect> effects)
    {
        if (fallen.IsRoot)
        {
            Tell(unit, causes, SupervisorState.RootName, fallen.Declared.Webhook, effects);
            return;
        }

        fallen.FallsAll++;
        var falls = RestartPace.Count(fallen.Falls, state.Now, Limits.SupervisorFallsMs, Limits.SupervisorFallsMax + 1);
        var above = fleet.Supervisor(fallen.Parent);
        if (falls <= Limits.SupervisorFallsMax && Allows(state, above))
        {
            causes.Chain.Add($"supervisor {fallen.Name} fell, and {above.Name} restarts what is below it");
            CountRestart(state, above);
            RestartBelow(state, fleet, fallen, above, falls, effects);
            Tell(unit, causes, above.Name, webhook: null, effects);
            return;
        }

        causes.Chain.Add(falls > Limits.SupervisorFallsMax
            ? $"supervisor {fallen.Name} fell {falls} times within {Seconds(Limits.SupervisorFallsMs)}"
            : $"supervisor {fallen.Name} fell, and {LimitOf(above)}");
        GiveUpBelow(state, fleet, fallen, causes.Chain[^1], effects);
        Fall(state, unit, fleet, above, causes, effects);
    }

    private static void RestartBelow(
        KernelState state, Fleet fleet, SupervisorState fallen, SupervisorState above, int falls, List<Effect> effects)
    {
        foreach (var supervisor in fleet.Supervisors.Where(each => fleet.IsWithin(each.Name, fallen.Name)))
        {
            supervisor.Starts.Clear();
        }

        var batch = state.Fleets.TakeBatch();
        var boundMs = RestartPace.BoundMs(default, falls);
        var first = int.MaxValue;
        foreach (var unit in state.Fleets.Of(fleet.Name).Where(each => fleet.IsWithin(each.Supervisor, fallen.Name)))
        {
            first = Math.Min(first, fleet.RankOf(unit.Declared.Name));
            unit.Starts.Clear();
            if (unit.Phase is UnitPhase.GivenUp or UnitPhase.BackingOff)
            {
                unit.Batch = batch;
                BackOff(state, unit, boundMs, $"supervisor {fallen.Name} fell", effects);
            }
            else
            {
                // A supervisor below, which fell just before, may have begun to give it up.
                var wasGivenUp = unit is { IsLive: true, Goal: UnitGoal.Rest, RestsAs: UnitPhase.GivenUp };
                unit.Goal = wasGivenUp ? UnitGoal.Restart : unit.Goal;
                Join(state, unit, batch);
            }
        }

        foreach (var unit in state.Fleets.Of(fleet.Name).Where(each => fleet.IsWithin(each.Supervisor, above.Name)
            && !fleet.IsWithin(each.Supervisor, fallen.Name)))
        {
            if (above.Strategy is SupervisorStrategy.OneForAll || (above.Strategy is SupervisorStrategy.RestForOne
                && fleet.RankOf(unit.Declared.Name) > first))
            {
                Join(state, unit, batch);
            }
        }
    }

    private static void GiveUpBelow(
        KernelState state, Fleet fleet, SupervisorState fallen, string reason, List<Effect> effects)
    {
        foreach (var unit in state.Fleets.Of(fleet.Name)
            .Where(each => fleet.IsWithin(each.Supervisor, fallen.Name)).ToArray())
        {
            unit.Batch = 0;
            if (unit.IsLive && unit.Goal is UnitGoal.Run or UnitGoal.Restart)
            {
                (unit.Goal, unit.RestsAs, unit.Reason) = (UnitGoal.Rest, UnitPhase.GivenUp, reason);
                state.Fleets.Track(unit);
            }
            else if (unit.Phase is UnitPhase.Waiting or UnitPhase.BackingOff)
            {
                UnitTimers.Disarm(unit, effects);
                UnitTelling.Change(state, unit, UnitPhase.GivenUp, reason, effects);
            }
        }
    }

    /// <summary>Others that a supervisor's strategy restarts with one that failed.</summary>
    private static void TakeAlong(
        KernelState state,
        Fleet fleet,
        SupervisorState supervisor,
        Func<Unit, bool> isAfter,
        Unit failed)
    {
        if (supervisor.Strategy is SupervisorStrategy.OneForOne)
        {
            return;
        }

        var batch = failed.Batch = failed.Batch == 0 ? state.Fleets.TakeBatch() : failed.Batch;
        foreach (var unit in state.Fleets.Of(fleet.Name).Where(each => each != failed
            && fleet.IsWithin(each.Supervisor, supervisor.Name)
            && (supervisor.Strategy is SupervisorStrategy.OneForAll || isAfter(each))))
        {
            Join(state, unit, batch);
        }
    }

    /// <summary>It is restarted with others: what rests or waits for something else is left alone.</summary>
    private static void Join(KernelState state, Unit unit, long batch)
    {
        if (unit.IsLive && unit.Goal is UnitGoal.Run or UnitGoal.Restart)
        {
            (unit.Goal, unit.Batch) = (UnitGoal.Restart, batch);
            unit.Reason = "restarted with others";
        }
        else if (unit.Phase is UnitPhase.Waiting or UnitPhase.BackingOff)
        {
            unit.Batch = batch;
        }

        state.Fleets.Track(unit);
    }

    private static bool IsAfter(Fleet fleet, Unit unit, Unit other) =>
        (fleet.RankOf(unit.Declared.Name), unit.Id).CompareTo((fleet.RankOf(other.Declared.Name), other.Id)) > 0;

    private static (Fleet? Fleet, SupervisorState? Supervisor) Above(KernelState state, Unit unit) =>
        !unit.IsWatched && state.Fleets.TryFleet(unit.Fleet, out var fleet)
            ? (fleet, fleet.Supervisor(unit.Supervisor)) : (null, null);

    private static bool Allows(KernelState state, SupervisorState supervisor) => supervisor.Burst == 0
        || RestartPace.Within(supervisor.Starts, state.Now, supervisor.IntervalMs) < supervisor.Burst;

    private static void CountRestart(KernelState state, SupervisorState supervisor)
    {
        supervisor.RestartsAll++;
        if (supervisor.Burst > 0)
        {
            RestartPace.Count(supervisor.Starts, state.Now, supervisor.IntervalMs, supervisor.Burst);
        }
    }

    private static string LimitOf(SupervisorState supervisor) =>
        $"supervisor {supervisor.Name} has made {Times(supervisor.Burst, "restart")} within "
        + $"{Seconds(supervisor.IntervalMs)}, which is its limit";

    /// <summary>Tells of a failure that could not be seen to where it was.</summary>
    private static void Tell(Unit unit, Causes causes, string to, string? webhook, List<Effect> effects) =>
        effects.Add(new TellEscalation(new Escalation(
            unit.Id, unit.Name, unit.Fleet, unit.Process, causes.Origin, to, [.. causes.Chain], webhook)));

    public static void Told(KernelState state, Events.EscalationTold told, List<Effect> effects)
    {
        var escalation = told.Escalation;
        var view = state.Fleets.TryUnit(escalation.Unit, out var unit) ? UnitTelling.View(state, unit)
            : new UnitView(escalation.Name, UnitState.Stopped) { Fleet = escalation.Fleet };
        var about = unit is not null ? UnitTelling.About(state, unit)
            : state.Processes.TryGet(escalation.Process, out var process) ? process : null;
        state.Calls.Publish(
            state,
            about,
            new EventView(EventTypes.Escalated, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Process = escalation.Process == ProcessId.None ? null : escalation.Process,
                Name = escalation.Name,
                Kind = escalation.To == SupervisorState.RootName ? "root" : "supervisor",
                Reason = string.Join("; ", escalation.Chain),
                Supervision = new SupervisionNote(view)
                {
                    Chain = escalation.Chain,
                    Log = told.Log,
                    To = escalation.To,
                },
            },
            effects);
    }

    private static string Times(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Seconds(long ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.###} s");

    /// <summary>Causes, first the first, and the process whose output tells most about them.</summary>
    internal sealed record Causes(List<string> Chain, ProcessId Origin);
}
