using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Syscalls;

/// <summary>WATCH of what does not run yet: supervised from its first start on.</summary>
internal static class WatchNew
{
    public static void Handle(SyscallContext call, Watch request, Spawn spawn)
    {
        var state = call.State;
        Process? parent = null;
        if (!call.Caller.IsHost && !state.Processes.TryGet(call.Caller.Process, out parent))
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that has ended cannot spawn"));
            return;
        }

        if (SpawnRights.Problem(state, parent, spawn) is { } denied)
        {
            call.Deny($"WATCH {spawn.Name}", denied);
            return;
        }

        var obstacle = SpawnSyscall.Obstacle(state, parent, spawn) ?? Taken(state, spawn.Name!)
            ?? SuperviseSyscalls.NoRoom(state, spawn.Name!, call.Caller);
        if (obstacle is not null)
        {
            call.Refuse(obstacle);
            return;
        }

        if (state.Fleets.TryUnit(spawn.Name!, out var former))
        {
            UnitOrder.Leave(state, former, call.Effects);
        }

        var unit = new Unit
        {
            Id = state.Fleets.TakeUnitId(),
            Name = spawn.Name!,
            Declared = SuperviseSyscalls.Rules(spawn.Name!, request),
            Plan = SpawnPlanning.Plan(state.Options, parent, spawn, spawn.Name!),
            Parent = parent?.Id ?? ProcessId.None,
            SupervisorUnit = parent is not null && state.Fleets.TryUnit(parent.Id, out var above) ? above.Id : 0,
            Orphan = request.Orphan ?? OrphanRule.End,
        };
        state.Fleets.Add(unit);
        UnitTelling.Tell(state, unit, call.Effects);
        call.Answer(new WatchReply(UnitTelling.View(state, unit)));
    }

    private static SysError? Taken(KernelState state, string name) => state.Processes.IsNameTaken(name)
        ? new SysError(SysErrorCode.NameTaken, $"a living process is called {name}", "choose another name, or kill it")
        : null;
}
