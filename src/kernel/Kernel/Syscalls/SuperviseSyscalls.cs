using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Syscalls;

/// <summary>WATCH, RESTART, ESCALATE, READY: what agents have to do with supervision.</summary>
internal static class SuperviseSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case Watch watch:
                Watch(call, watch);
                break;
            case Restart restart:
                Restart(call, restart);
                break;
            case Escalate escalate:
                Escalate(call, escalate);
                break;
            case Ready ready:
                Ready(call, ready);
                break;
        }
    }

    private static void Watch(SyscallContext call, Watch request)
    {
        if (request.Spawn is { } spawn)
        {
            WatchNew.Handle(call, request, spawn);
            return;
        }

        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        var state = call.State;
        if (target.Parent != call.Caller.Process)
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState,
                $"process {target.Id} was spawned by another; who spawns a process can watch it"));
            return;
        }

        if (target.StopCause is not null)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, $"process {target.Id} is ending"));
            return;
        }

        if (state.Fleets.TryUnit(target.Id, out var known))
        {
            Change(call, known, request);
            return;
        }

        if (NoRoom(state, target.Name, call.Caller) is { } full)
        {
            call.Refuse(full);
            return;
        }

        if (state.Fleets.TryUnit(target.Name, out var former))
        {
            UnitOrder.Leave(state, former, call.Effects);
        }

        call.Answer(new WatchReply(UnitTelling.View(state, Add(call, target, request))));
    }

    private static Unit Add(SyscallContext call, Process target, Watch request)
    {
        var state = call.State;
        var unit = new Unit
        {
            Id = state.Fleets.TakeUnitId(),
            Name = target.Name,
            Declared = Rules(target.Name, request),
            Plan = target.Plan,
            Parent = target.Parent,
            SupervisorUnit = target.Parent != ProcessId.None && state.Fleets.TryUnit(target.Parent, out var above)
                ? above.Id : 0,
            Orphan = request.Orphan ?? OrphanRule.End,
            Phase = UnitPhase.Live,
            Process = target.Id,
            Incarnation = 1,
            IsReady = target.StartedAt is not null,
        };
        unit.Starts.Add(target.StartedAt ?? state.Now);
        state.Fleets.Add(unit);
        UnitTelling.Tell(state, unit, call.Effects);
        Watchdogs.Begin(state, unit, call.Effects);
        return unit;
    }

    private static void Change(SyscallContext call, Unit unit, Watch request)
    {
        if (!unit.IsWatched)
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState,
                $"fleet {unit.Fleet} supervises {unit.Name}",
                "change its declaration, and apply it"));
            return;
        }

        UnitTimers.Unwatch(call.State, unit, call.Effects);
        unit.Declared = Rules(unit.Name, request);
        unit.Orphan = request.Orphan ?? OrphanRule.End;
        if (unit.IsReady)
        {
            Watchdogs.Begin(call.State, unit, call.Effects);
        }

        call.Answer(new WatchReply(UnitTelling.View(call.State, unit)));
    }

    internal static FleetAgent Rules(string name, Watch request) => new()
    {
        Name = name,
        Restart = request.Restart,
        Ready = request.Ready,
        Stop = request.Stop,
        Watchdog = request.Watchdog,
    };

    internal static SysError? NoRoom(KernelState state, string name, Caller caller)
    {
        if (state.Fleets.TryUnit(name, out var former) && !former.IsWatched)
        {
            return new SysError(SysErrorCode.NameTaken, $"fleet {former.Fleet} has an agent called {name}");
        }

        var own = caller.IsHost ? state.Fleets.Units.Count(unit => unit is { IsWatched: true, SupervisorUnit: 0 }
            && unit.Parent == ProcessId.None) : state.Fleets.Below(caller.Process).Count();
        var most = caller.IsHost ? Limits.WatchedOfHostMax : Limits.WatchedPerAgentMax;
        return own >= most || state.Fleets.Count >= Limits.UnitsMax
            ? new SysError(SysErrorCode.LimitExceeded, $"{own} processes are watched already, which is the limit")
            : null;
    }

    private static void Restart(SyscallContext call, Restart request)
    {
        if (!TryUnit(call, request, Capability.Kill, out var unit))
        {
            return;
        }

        var state = call.State;
        FleetApplying.SetRestarting(state, unit, $"restarted by {NameOf(state, call.Caller)}", call.Effects);
        if (request.GraceMs is { } graceMs && unit.IsLive && state.Require(unit.Process) is { StopCause: null } process)
        {
            ProcessStop.Stop(
                state, process, ExitCause.StoppedBySupervisor, unit.Reason!, graceMs, call.Effects);
        }

        call.Answer(new RestartReply(UnitTelling.View(state, unit)));
    }

    private static void Escalate(SyscallContext call, Escalate request)
    {
        var state = call.State;
        if (call.Caller.IsHost || !state.Processes.TryGet(call.Caller.Process, out var process))
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState, "only an agent escalates: nobody is above the host"));
            return;
        }

        List<string> chain = [];
        var origin = process.Id;
        if (request.Id is not null || request.Name is not null)
        {
            if (!TryUnit(call, request, Capability.Read, out var child))
            {
                return;
            }

            chain.AddRange(child.Chain.Count > 0 ? child.Chain
                : [$"{child.Name} {(child.LastExit is { } exit ? ExitText.Of(exit) : "runs")}"]);
            origin = child.Chain.Count > 0 ? child.ChainOf : child.Process;
        }

        if (!process.IsAlive || process.StopCause is not null)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending has nothing to escalate"));
            return;
        }

        var causes = new SupervisorTree.Causes(chain, origin);
        if (state.Fleets.TryUnit(process.Id, out var unit))
        {
            (unit.Chain, unit.ChainOf) = ([.. chain], origin);
            call.Answer(new EscalateReply(
                UnitTelling.SupervisorOf(state, unit), [.. chain, $"{process.Name} could not cope: {request.Reason}"]));
            ProcessStop.Stop(
                state, process, ExitCause.Escalated, request.Reason,
                unit.Declared.Stop?.GraceMs ?? state.Options.GraceMs, call.Effects);
            UnitTelling.Tell(state, unit, call.Effects);
            return;
        }

        // Nothing else holds it back: its logs are read for it, the host's log has a line of it.
        if (state.Polls.Rates.TryTake(process.Id, Limits.EmitsOfAnEscalation, state.Now) is { } wait)
        {
            call.Refuse(new SysError(
                SysErrorCode.TryAgain,
                $"an escalation counts as {Limits.EmitsOfAnEscalation} events, and {Limits.EmitsPerSecond} a second "
                + "are what an agent may emit",
                "the host has been told already; escalate again after the wait")
            {
                RetryAfterMs = wait,
            });
            return;
        }

        chain.Add($"{process.Name} could not cope: {request.Reason}");
        call.Answer(new EscalateReply(SupervisorState.RootName, [.. chain]));
        call.Effects.Add(new TellEscalation(new Escalation(
            0, process.Name, "", process.Id, causes.Origin, SupervisorState.RootName, chain, null)));
    }

    private static void Ready(SyscallContext call, Ready request)
    {
        var state = call.State;
        if (call.Caller.IsHost)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "only an agent says that it is ready"));
            return;
        }

        if (!state.Fleets.TryUnit(call.Caller.Process, out var unit))
        {
            call.Answer(new ReadyReply(false));
            return;
        }

        call.Answer(new ReadyReply(true)
        {
            HeartbeatMs = unit.Declared.Watchdog?.HeartbeatMs is > 0 and var ms ? ms : null,
            Incarnation = unit.Incarnation,
        });
        if (!unit.IsReady && unit.Process == call.Caller.Process)
        {
            call.Effects.Add(new Raise(new UnitReady(unit.Id, unit.Process, "said READY", request.Status)
            {
                At = state.Now,
            }));
        }
    }

    /// <summary>
    /// The unit of that name, or of that process. An agent reaches those that its permissions name; near are those that
    /// it or one of its descendants supervises.
    /// </summary>
    private static bool TryUnit(
        SyscallContext call, TargetedSyscall request, Capability right, [NotNullWhen(true)] out Unit? unit)
    {
        var (state, caller) = (call.State, call.Caller);
        unit = null;
        var found = request.Id is { } id ? state.Fleets.TryUnit(id, out unit)
            : request.Name is { } name && state.Fleets.TryUnit(name, out unit);
        if (found && unit is not null)
        {
            var isNear = state.Processes.TryGet(unit.Parent, out var parent)
                && state.Processes.IsInFamily(parent, caller.Process);
            if (caller.IsHost || Rights.Reaches(state, caller.Process, right, unit.Name, isNear))
            {
                return true;
            }

            if (Rights.Reaches(state, caller.Process, Capability.Read, unit.Name, isNear))
            {
                call.Deny(
                    $"{request.Number} of {unit.Name}",
                    Rights.Missing(right, unit.Name, $"this agent may not {request.Number} {unit.Name}"));
                return false;
            }
        }

        var what = request.Id?.ToString() ?? request.Name ?? "without a name";
        call.Refuse(new SysError(
            SysErrorCode.NoSuchProcess, $"nothing called {what} is supervised here", "WATCH makes you its supervisor"));
        return false;
    }

    private static string NameOf(KernelState state, Caller caller) => caller.IsHost ? $"uid {caller.Uid}"
        : state.Processes.TryGet(caller.Process, out var process) ? process.Name : caller.Process.ToString();
}
