using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>A unit's way from waiting to ready.</summary>
internal static class UnitStart
{
    private const long ReadyMs = 60_000;

    /// <summary>
    /// From the decision to start it until its program runs. Long, for there may be thousands before it, whose
    /// sandboxes are made one after the other: who waits for his turn has not failed.
    /// </summary>
    private const long MakeMs = 10 * 60_000;

    /// <summary>Starts a process for a unit that has none: the only place where that is done.</summary>
    public static void Start(KernelState state, Unit unit, List<Effect> effects)
    {
        Invariant.Holds(!unit.IsLive, "a unit has one living process");
        Process? parent = null;
        var orphaned = unit.Parent != ProcessId.None && !state.Processes.TryGet(unit.Parent, out parent);
        unit.Batch = 0;
        unit.Incarnation++;
        if (unit.IsAfterFailure || unit.Starts.Count == 0)
        {
            // Restarted with others, or with its kernel, it is no nearer to its own limit.
            RestartPace.Count(unit.Starts, state.Now, unit.Restart.IntervalMs, Limits.StartsKeptMax);
        }

        var obstacle = orphaned ? new SysError(SysErrorCode.WrongState, "its supervisor has ended")
            : state.Processes.IsNameTaken(unit.Name)
                ? new SysError(SysErrorCode.NameTaken, $"a living process is called {unit.Name}")
            : unit.Plan is null ? SpawnSyscall.Obstacle(state, parent, unit.Declared.Spawn)
            : SpawnSyscall.NotNow(state, parent);
        if (obstacle is not null)
        {
            unit.LastExit = new ExitStatus(ExitCause.StartFailed) { Detail = obstacle.Message };
            SupervisorTree.Failed(state, unit, unit.LastExit, ranMs: 0, effects);
            return;
        }

        var plan = unit.Plan is { } known ? known with { Parent = unit.Parent }
            : SpawnPlanning.Plan(state.Options, null, unit.Declared.Spawn, unit.Name);
        var process = SpawnSyscall.Launch(state, plan, parent, effects);
        process.PermissionsSet = unit.PermissionsSet;
        if (state.Fleets.TryFleet(unit.Fleet, out var fleet))
        {
            unit.Revision = fleet.Revision;
        }

        state.Fleets.Embody(unit, process.Id);
        RestingInbox.Embodied(state, unit.Name, process.Id);
        (unit.IsReady, unit.IsAfterFailure, unit.Trouble, unit.Status) = (false, false, null, null);
        UnitTelling.Change(state, unit, UnitPhase.Live, null, effects);
        UnitTimers.Arm(unit, state.Now + (MakeMs * TimeSpan.TicksPerMillisecond), effects);
    }

    /// <summary>Its program runs: the time in which it must be ready begins.</summary>
    public static void Started(KernelState state, Process process, List<Effect> effects)
    {
        if (!IsProcessOf(state, process.Id, out var unit) || LookForReady(state, unit, effects))
        {
            return;
        }

        if (!unit.IsReady && process.StopCause is null)
        {
            UnitTimers.Arm(unit, state.Now + (ReadyTimeoutMs(unit) * TimeSpan.TicksPerMillisecond), effects);
        }

        UnitTelling.Tell(state, unit, effects);
    }

    /// <summary>
    /// It is declared otherwise while it runs: what makes it ready, and who watches it, may be another.
    /// </summary>
    public static void Redeclared(KernelState state, Unit unit, List<Effect> effects)
    {
        if (!unit.IsLive || state.Require(unit.Process).StartedAt is null)
        {
            return;
        }

        if (unit.IsReady)
        {
            Watchdogs.Begin(state, unit, effects);
            UnitNeeds.Begin(state, unit, effects);
        }
        else
        {
            LookForReady(state, unit, effects);
        }
    }

    /// <summary>True when it is ready by that alone that it runs.</summary>
    private static bool LookForReady(KernelState state, Unit unit, List<Effect> effects)
    {
        switch (unit.Declared.Ready?.When ?? ReadyWhen.Started)
        {
            case ReadyWhen.Started when state.Require(unit.Process).StopCause is null:
                MakeReady(state, unit, null, effects);
                return true;
            case ReadyWhen.Probe:
                Probe(unit, effects);
                return false;
            default:
                return false;
        }
    }

    /// <summary>A kernel has taken over its process: what watched it begins anew.</summary>
    public static void Adopted(KernelState state, Process process, List<Effect> effects)
    {
        if (!IsProcessOf(state, process.Id, out var unit))
        {
            return;
        }

        if (unit.DueAt is { } due)
        {
            UnitTimers.Arm(unit, due, effects);
        }

        if (!unit.IsReady && unit.Declared.Ready?.When is ReadyWhen.Probe)
        {
            Probe(unit, effects);
        }
        else if (unit.IsReady)
        {
            Watchdogs.Begin(state, unit, effects);
            UnitNeeds.Begin(state, unit, effects);
        }
    }

    public static void Ready(KernelState state, UnitReady ready, List<Effect> effects)
    {
        if (state.Fleets.TryUnit(ready.Unit, out var unit) && unit.IsLive && unit.Process == ready.Process)
        {
            unit.Status = ready.Status ?? unit.Status;
            if (!unit.IsReady && state.Require(unit.Process).StopCause is null)
            {
                MakeReady(state, unit, ready.How, effects);
            }
        }
    }

    /// <summary>An agent's first message may be what makes it ready.</summary>
    public static void Sent(KernelState state, SyscallArrived arrived, List<Effect> effects)
    {
        if (arrived.Syscall is Send or Broadcast && IsProcessOf(state, arrived.Caller.Process, out var unit)
            && unit is { IsReady: false, Declared.Ready.When: ReadyWhen.Message }
            && !effects.OfType<Refuse>().Any(refuse => refuse.Call == arrived.Call))
        {
            effects.Add(new Raise(new UnitReady(unit.Id, unit.Process, "sent its first message", null)
            {
                At = state.Now,
            }));
        }
    }

    public static void ProbeDue(KernelState state, ProbeDue due, List<Effect> effects)
    {
        if (state.Fleets.TryUnit(due.Unit, out var unit) && unit is { IsLive: true, IsReady: false }
            && unit.Declared.Ready?.When is ReadyWhen.Probe)
        {
            Probe(unit, effects);
        }
    }

    public static void Probed(KernelState state, ProbeEnded ended, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(ended.Unit, out var unit) || unit is not { IsLive: true, IsReady: false }
            || unit.Process != ended.Process)
        {
            return;
        }

        if (ended.IsReady)
        {
            effects.Add(new Raise(new UnitReady(unit.Id, unit.Process, ended.Detail, null) { At = state.Now }));
        }
        else if (unit.Declared.Ready?.When is ReadyWhen.Probe)
        {
            effects.Add(new ArmTimer(
                new TimerName(TimerKind.UnitProbe, unit.Id),
                state.Now + (ProbeMs(unit) * TimeSpan.TicksPerMillisecond)));
        }
    }

    private static void MakeReady(KernelState state, Unit unit, string? how, List<Effect> effects)
    {
        UnitTimers.Disarm(unit, effects);
        unit.IsReady = true;
        unit.Reason = how;
        UnitTelling.Tell(state, unit, effects);
        Watchdogs.Begin(state, unit, effects);
        UnitNeeds.Begin(state, unit, effects);
        foreach (var below in state.Fleets.Watched
            .Where(each => each.SupervisorUnit == unit.Id && !each.IsLive).ToArray())
        {
            state.Fleets.Adopt(below, unit.Process);
        }
    }

    private static void Probe(Unit unit, List<Effect> effects) =>
        effects.Add(new ProbeUnit(unit.Id, unit.Process, unit.Declared.Ready!.Probe ?? [], ProbeMs(unit)));

    private static long ProbeMs(Unit unit) => unit.Declared.Ready?.IntervalMs ?? 1_000;

    private static long ReadyTimeoutMs(Unit unit) => unit.Declared.Ready?.TimeoutMs ?? ReadyMs;

    private static bool IsProcessOf(KernelState state, ProcessId process, out Unit unit) =>
        state.Fleets.TryUnit(process, out unit!) && unit.IsLive;
}
