using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Supervision;

// ON DEMAND
//
// A unit with start_on: message rests as scheduled until somebody sends to its name; so does any unit with idle_stop
// after it has had nothing to do for that long. Having something to do is: a syscall of late, or a call of its own
// under way (a model, a tool, a request). Waiting for a message is not.
//
// Messages are volatile and starting is durable, so a need comes about by an event of its own. Deciding to stop and
// hearing of a message may cross: what was sent in between waits under the name, and the unit is started again.

/// <summary>Units that are started when they are needed, and stopped when they are not.</summary>
internal static class UnitNeeds
{
    /// <summary>It runs only while it is needed.</summary>
    public static bool IsOnDemand(Unit unit) =>
        !unit.IsWatched && (unit.Declared.StartOn is StartOn.Message || unit.Declared.IdleStopMs > 0);

    /// <summary>What is sent to it waits for its next process: it rests in between, or finishes at its end.</summary>
    public static bool KeepsInbox(Unit unit) =>
        IsOnDemand(unit) || (!unit.IsWatched && unit.Declared.Stop?.DrainMs > 0);

    /// <summary>Where it rests when nothing needs it.</summary>
    public static bool RestsUntilNeeded(Unit unit) => IsOnDemand(unit) && unit.Phase is UnitPhase.Scheduled;

    /// <summary>True when a message to a name is kept for the next process of that name, although none lives.</summary>
    public static bool Accepts(KernelState state, string name) =>
        state.Fleets.TryUnit(name, out var unit) && KeepsInbox(unit) && unit.Goal is not UnitGoal.Leave
        && unit.Phase is not (UnitPhase.GivenUp or UnitPhase.Paused or UnitPhase.Stopped);

    /// <summary>It rests: its next time is asked for, and it is started again when something waits for it.</summary>
    public static void Rested(KernelState state, Unit unit, List<Effect> effects)
    {
        UnitSchedules.Rested(unit, effects, state.Now);
        StartIfNeeded(state, unit, effects);
    }

    /// <summary>
    /// Its process has ended of itself. One that had not even looked at what waits for it has failed: it would be
    /// started and end without end.
    /// </summary>
    public static void Ended(KernelState state, Unit unit, List<Effect> effects)
    {
        if (RestsUntilNeeded(unit) && state.Processes.TryGet(unit.Process, out var process)
            && RestingInbox.TookNothing(state, process))
        {
            UnitSchedules.Rested(unit, effects, state.Now);
            UnitNeeded again = new(unit.Id, "left what waits for it") { At = state.Now, IsAgain = true };
            effects.Add(new Raise(again));
        }
        else
        {
            Rested(state, unit, effects);
        }
    }

    /// <summary>Starts it again when it rests although something waits for it.</summary>
    public static void StartIfNeeded(KernelState state, Unit unit, List<Effect> effects)
    {
        if (RestsUntilNeeded(unit) && RestingInbox.HasMail(state, unit.Name, unit.Process))
        {
            Wanted(state, unit.Name, effects);
        }
    }

    /// <summary>A message waits under a name that no living process has: starts its unit, if it waits.</summary>
    public static void Wanted(KernelState state, string name, List<Effect> effects)
    {
        if (state.Fleets.TryUnit(name, out var unit) && IsOnDemand(unit)
            && (RestsUntilNeeded(unit) || unit is { Goal: UnitGoal.Rest, RestsAs: UnitPhase.Scheduled }))
        {
            effects.Add(new Raise(new UnitNeeded(unit.Id, "a message came") { At = state.Now }));
        }
    }

    public static void Needed(KernelState state, UnitNeeded needed, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(needed.Unit, out var unit))
        {
            return;
        }

        if (RestsUntilNeeded(unit) && needed.IsAgain)
        {
            var exit = unit.LastExit ?? new ExitStatus(ExitCause.Exited);
            SupervisorTree.Failed(state, unit, exit with { Detail = "did not take what waits for it" }, 0, effects);
        }
        else if (RestsUntilNeeded(unit) && unit.Goal is UnitGoal.Run)
        {
            UnitTelling.Change(state, unit, UnitPhase.Waiting, needed.Why, effects);
        }
        else if (unit is { IsLive: true, Goal: UnitGoal.Rest, RestsAs: UnitPhase.Scheduled })
        {
            // It is being stopped for want of work: another is started when it has ended.
            unit.Goal = UnitGoal.Restart;
            unit.Reason = needed.Why;
            state.Fleets.Track(unit);
        }
    }

    /// <summary>Begins to look after a process that has become ready.</summary>
    public static void Begin(KernelState state, Unit unit, List<Effect> effects)
    {
        if (unit.Declared.IdleStopMs is > 0 and var ms)
        {
            state.Fleets.LastHeard[unit.Process] = state.Now;
            Arm(unit, state.Now + Ticks(ms), effects);
        }
    }

    /// <summary>A process has made a syscall; those that only ask for something to do say nothing.</summary>
    public static void Heard(KernelState state, ProcessId process, SyscallNumber syscall)
    {
        if (state.Fleets.LastHeard.Count > 0 && !CallHash.IsIdle(syscall)
            && state.Fleets.LastHeard.ContainsKey(process))
        {
            state.Fleets.LastHeard[process] = state.Now;
        }
    }

    /// <summary>A process has been given something to do.</summary>
    public static void Given(KernelState state, ProcessId process)
    {
        if (state.Fleets.LastHeard.Count > 0 && state.Fleets.LastHeard.ContainsKey(process))
        {
            state.Fleets.LastHeard[process] = state.Now;
        }
    }

    /// <summary>Its process has ended, or is no longer looked after.</summary>
    public static void End(KernelState state, Unit unit, List<Effect> effects)
    {
        if (state.Fleets.LastHeard.Remove(unit.Process))
        {
            effects.Add(new DisarmTimer(new TimerName(TimerKind.UnitIdle, unit.Id)));
        }
    }

    public static void IdleDue(KernelState state, IdleDue due, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(due.Unit, out var unit) || unit.Declared.IdleStopMs is not { } ms
            || !state.Fleets.LastHeard.TryGetValue(unit.Process, out var heard)
            || !state.Processes.TryGet(unit.Process, out var process) || process.StopCause is not null)
        {
            return;
        }

        if (process.State is ProcessState.Paused || IsAtWork(state, process.Id)
            || RestingInbox.HasMail(state, unit.Name, process.Id))
        {
            heard = state.Fleets.LastHeard[process.Id] = state.Now;
        }

        var at = heard + Ticks(ms);
        if (at > state.Now)
        {
            Arm(unit, at, effects);
        }
        else
        {
            effects.Add(new Raise(new UnitIdled(unit.Id, process.Id) { At = state.Now }));
        }
    }

    public static void Idled(KernelState state, UnitIdled idled)
    {
        if (!state.Fleets.TryUnit(idled.Unit, out var unit) || unit.Process != idled.Process
            || unit is not { IsLive: true, Goal: UnitGoal.Run } || !IsOnDemand(unit)
            || state.Require(unit.Process).StopCause is not null)
        {
            return;
        }

        (unit.Goal, unit.RestsAs, unit.Reason) = (UnitGoal.Rest, UnitPhase.Scheduled, "had nothing to do");
        state.Fleets.Track(unit);
    }

    /// <summary>It waits in the kernel for something other than a message.</summary>
    private static bool IsAtWork(KernelState state, ProcessId process) =>
        state.Http.IsWaiting(process) || state.Tools.CallsOf(process).Length > 0
        || state.Models.Of(process).Count > 0;

    private static void Arm(Unit unit, long dueAt, List<Effect> effects) =>
        effects.Add(new ArmTimer(new TimerName(TimerKind.UnitIdle, unit.Id), dueAt));

    private static long Ticks(long ms) => ms * TimeSpan.TicksPerMillisecond;
}
