using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

/// <summary>How units look from outside: rows of FLEETSTATUS and events.</summary>
internal static class UnitTelling
{
    /// <summary>Changes where a unit is, and tells who watches.</summary>
    public static void Change(
        KernelState state, Unit unit, UnitPhase phase, string? reason, List<Effect> effects)
    {
        unit.Phase = phase;
        unit.Reason = reason;
        state.Fleets.Track(unit);
        Tell(state, unit, effects);
    }

    public static void Tell(
        KernelState state,
        Unit unit,
        List<Effect> effects,
        Func<SupervisionNote, SupervisionNote>? more = null)
    {
        var view = View(state, unit);
        var note = new SupervisionNote(view);
        state.Calls.Publish(
            state,
            About(state, unit),
            new EventView(EventTypes.Supervision, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Process = unit.Process == ProcessId.None ? null : unit.Process,
                Name = unit.Name,
                Kind = NameOf(view.State),
                Reason = unit.Reason,
                Supervision = more is null ? note : more(note),
            },
            effects);
    }

    /// <summary>Whose family may see it; before its first process nobody but the host.</summary>
    public static Process? About(KernelState state, Unit unit) =>
        unit.Process == ProcessId.None ? null
        : state.Processes.TryGet(unit.Process, out var process) ? process
        : state.Processes.TryGet(unit.Parent, out var parent) ? parent
        : null;

    public static UnitView View(KernelState state, Unit unit)
    {
        state.Processes.TryGet(unit.Process, out var process);
        return new UnitView(unit.Name, StateOf(unit, process))
        {
            Fleet = unit.Fleet,
            Agent = unit.Declared.Name,
            Supervisor = SupervisorOf(state, unit),
            Process = unit.Process,
            Incarnation = unit.Incarnation,
            Restarts = unit.Restarts,
            NextRestartAt = unit.Phase is UnitPhase.BackingOff or UnitPhase.Parked or UnitPhase.Scheduled
                && unit.DueAt is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null,
            LastExit = unit.LastExit,
            Reason = unit.Reason ?? unit.Status,
            Revision = unit.Revision,
            WaitsFor = unit.Phase is UnitPhase.Waiting ? WaitsFor(state, unit) : null,
            UptimeMs = unit.IsLive && process?.StartedAt is { } at
                ? Math.Max(0, state.Now - at) / TimeSpan.TicksPerMillisecond : 0,
        };
    }

    public static string SupervisorOf(KernelState state, Unit unit) =>
        !unit.IsWatched ? unit.Supervisor
        : state.Processes.TryGet(unit.Parent, out var parent) ? parent.Name
        : state.Fleets.TryUnit(unit.SupervisorUnit, out var above) ? above.Name
        : SupervisorState.RootName;

    private static UnitState StateOf(Unit unit, Process? process) => unit.Phase switch
    {
        UnitPhase.Waiting => UnitState.Waiting,
        UnitPhase.Scheduled => UnitState.Scheduled,
        UnitPhase.BackingOff => UnitState.BackingOff,
        UnitPhase.Parked => UnitState.Parked,
        UnitPhase.Paused => UnitState.Paused,
        UnitPhase.GivenUp => UnitState.GivenUp,
        UnitPhase.Stopped => UnitState.Stopped,
        _ => process?.State switch
        {
            ProcessState.Starting => UnitState.Starting,
            ProcessState.Paused => UnitState.Paused,
            ProcessState.Stopping or ProcessState.Exited or null => UnitState.Stopping,
            _ => unit.IsReady ? UnitState.Ready : UnitState.Running,
        },
    };

    private static string[]? WaitsFor(KernelState state, Unit unit)
    {
        string[] missing = [.. UnitOrder.Missing(state, unit)];
        return missing.Length > 0 ? missing : null;
    }

    public static string NameOf(UnitState state) => state switch
    {
        UnitState.Waiting => "waiting",
        UnitState.Scheduled => "scheduled",
        UnitState.Starting => "starting",
        UnitState.Running => "running",
        UnitState.Ready => "ready",
        UnitState.Stopping => "stopping",
        UnitState.BackingOff => "backing_off",
        UnitState.Parked => "parked",
        UnitState.Paused => "paused",
        UnitState.GivenUp => "given_up",
        _ => "stopped",
    };
}
