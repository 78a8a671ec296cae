using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

/// <summary>What becomes of a unit when its process ends, or its timer rings.</summary>
internal static class UnitEnd
{
    private const long ParkedMs = 15_000;
    private const int ParkedDoublingsMax = 5;

    public static void Ended(KernelState state, Process process, List<Effect> effects)
    {
        foreach (var below in state.Fleets.Below(process.Id).ToArray())
        {
            SupervisorEnded(state, below, process, effects);
        }

        if (!state.Fleets.TryUnit(process.Id, out var unit) || !unit.IsLive)
        {
            return;
        }

        UnitTimers.ProcessEnded(state, unit, effects);
        unit.LastExit = process.Exit;
        unit.IsReady = false;
        unit.Phase = UnitPhase.Stopped;
        var ranMs = Math.Max(0, (process.ExitedAt ?? 0) - (process.StartedAt ?? process.ExitedAt ?? 0))
            / TimeSpan.TicksPerMillisecond;
        if (unit.Goal is not UnitGoal.Run)
        {
            UnitOrder.Arrived(state, unit, effects);
        }
        else if (IsOrphan(state, unit, process))
        {
            OrphanEnded(state, unit, effects);
        }
        else
        {
            Decide(state, unit, process.Exit!, ranMs, effects);
        }
    }

    /// <summary>Its timer: the next start is due, or it was not ready in time.</summary>
    public static void Due(KernelState state, UnitDue due, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(due.Unit, out var unit) || unit.DueAt is not { } at)
        {
            return;
        }

        if (state.Now < at || !state.Fleets.IsOpen)
        {
            effects.Add(new ArmTimer(new TimerName(TimerKind.Unit, unit.Id), at));
        }
        else if (unit is { IsLive: true, IsReady: false })
        {
            unit.DueAt = null;
            NotReady(state, unit, effects);
        }
        else if (unit.Phase is UnitPhase.BackingOff or UnitPhase.Parked)
        {
            StartAgain(state, unit, effects);
        }
        else if (UnitSchedules.Rests(unit))
        {
            UnitSchedules.Due(state, unit, "its schedule", effects);
        }
    }

    /// <summary>What waited in the journal's eyes waits again.</summary>
    public static void Settled(KernelState state, List<Effect> effects)
    {
        state.Fleets.IsOpen = true;
        FleetMailboxes.Settled(state, effects);
        foreach (var unit in state.Fleets.Units)
        {
            if (UnitSchedules.Rests(unit))
            {
                UnitSchedules.Settled(state, unit, effects);
                UnitNeeds.StartIfNeeded(state, unit, effects);
            }
            else if (UnitNeeds.RestsUntilNeeded(unit))
            {
                UnitNeeds.StartIfNeeded(state, unit, effects);
            }
            else if (!unit.IsLive && unit.DueAt is { } due)
            {
                effects.Add(new ArmTimer(new TimerName(TimerKind.Unit, unit.Id), due));
            }
        }
    }

    private static void StartAgain(KernelState state, Unit unit, List<Effect> effects)
    {
        if (!unit.HasPass)
        {
            unit.HasPass = true;
            var at = RestartPace.Take(state);
            if (at > state.Now)
            {
                UnitTimers.Arm(unit, at, effects);
                return;
            }
        }

        unit.DueAt = null;
        unit.HasPass = false;
        UnitTelling.Change(state, unit, UnitPhase.Waiting, unit.Reason, effects);
    }

    private static void NotReady(KernelState state, Unit unit, List<Effect> effects)
    {
        var process = state.Require(unit.Process);
        var ms = unit.Declared.Ready?.TimeoutMs ?? 60_000;
        if (process.StopCause is null)
        {
            var detail = process.StartedAt is null ? "had no sandbox after ten minutes"
                : $"was not ready within {ms.ToString(CultureInfo.InvariantCulture)} ms";
            ProcessStop.Stop(
                state, process, ExitCause.NotReady, detail, unit.Declared.Stop?.GraceMs ?? state.Options.GraceMs,
                effects);
            UnitTelling.Tell(state, unit, effects);
        }
    }

    private static void Decide(
        KernelState state, Unit unit, ExitStatus exit, long ranMs, List<Effect> effects)
    {
        var given = unit.Declared.Watchdog?.Action is WatchdogAction.Kill && exit.Cause is ExitCause.Watchdog;
        var decision = given ? RestartDecision.GiveUp : RestartTable.Decide(unit.Restart.Policy, exit, unit.Trouble);
        switch (decision)
        {
            case RestartDecision.Resume:
                UnitTelling.Change(state, unit, UnitPhase.Waiting, "its kernel stopped", effects);
                break;
            case RestartDecision.Restart:
                SupervisorTree.Failed(state, unit, exit, ranMs, effects);
                break;
            case RestartDecision.GiveUp:
                SupervisorTree.GiveUp(state, unit, exit, "its watchdog does not restart it", effects);
                break;
            case RestartDecision.PauseForHuman:
                UnitTelling.Change(
                    state, unit, UnitPhase.Paused, $"{unit.Trouble?.Reason ?? ExitText.Of(exit)}; a person must look",
                    effects);
                break;
            case RestartDecision.Park:
                Park(state, unit, effects);
                break;
            default:
                Stop(state, unit, exit, effects);
                break;
        }
    }

    private static void Stop(KernelState state, Unit unit, ExitStatus exit, List<Effect> effects)
    {
        if (unit.IsWatched)
        {
            unit.Reason = ExitText.Of(exit);
            UnitOrder.Leave(state, unit, effects);
            return;
        }

        var startsAgain = unit.Declared.StartOn is StartOn.Schedule or StartOn.Message;
        UnitTelling.Change(
            state, unit, startsAgain ? UnitPhase.Scheduled : UnitPhase.Stopped, ExitText.Of(exit), effects);
        UnitNeeds.Ended(state, unit, effects);
        if (exit is { Cause: ExitCause.Exited, Code: 0 })
        {
            unit.Failures = 0;
        }
    }

    // Somebody must try whether the provider is back, or nobody would know: each parked one does, ever more seldom. The
    // first whose call is served lets all others go (see OutageOver).
    private static void Park(KernelState state, Unit unit, List<Effect> effects)
    {
        var wait = ParkedMs << Math.Min(unit.Tries++, ParkedDoublingsMax);
        UnitTimers.Arm(unit, state.Now + (wait * TimeSpan.TicksPerMillisecond), effects);
        UnitTelling.Change(state, unit, UnitPhase.Parked, unit.Trouble!.Reason, effects);
    }

    private static bool IsOrphan(KernelState state, Unit unit, Process process) =>
        unit.IsWatched && process.Parent != ProcessId.None
        && !(state.Processes.TryGet(process.Parent, out var parent) && parent.IsAlive && parent.StopCause is null);

    private static void OrphanEnded(KernelState state, Unit unit, List<Effect> effects)
    {
        state.Fleets.Adopt(unit, ProcessId.None);
        if (unit.Orphan is OrphanRule.Restart && unit.Restart.Policy is not RestartPolicy.No
            && state.Fleets.TryUnit(unit.SupervisorUnit, out var above))
        {
            // Its supervisor may have been faster.
            state.Fleets.Adopt(unit, above is { IsLive: true, IsReady: true } ? above.Process : ProcessId.None);
            UnitTelling.Change(state, unit, UnitPhase.Waiting, "its supervisor ended", effects);
            return;
        }

        unit.Reason = "its supervisor ended";
        UnitOrder.Leave(state, unit, effects);
    }

    /// <summary>Those that live end with it, and are seen to then; the others are decided about now.</summary>
    private static void SupervisorEnded(KernelState state, Unit unit, Process supervisor, List<Effect> effects)
    {
        if (!unit.IsLive)
        {
            state.Fleets.Adopt(unit, ProcessId.None);
            if (unit.SupervisorUnit == 0 || unit.Orphan is OrphanRule.End)
            {
                unit.Reason = $"its supervisor {supervisor.Name} ended";
                UnitOrder.Leave(state, unit, effects);
            }
        }
    }
}
