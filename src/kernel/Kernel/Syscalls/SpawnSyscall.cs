using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Syscalls;

/// <summary>SPAWN: decides whether it may be, with which limits, and has it launched.</summary>
internal static class SpawnSyscall
{
    public static void Handle(SyscallContext call, Spawn request)
    {
        var state = call.State;
        Process? parent = null;
        if (!call.Caller.IsHost && !state.Processes.TryGet(call.Caller.Process, out parent))
        {
            // Its last words were still in the socket when its record went.
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that has ended cannot spawn"));
            return;
        }

        if (NotNow(state, parent) is { } notNow)
        {
            call.Refuse(notNow);
            return;
        }

        if (SpawnRights.Problem(state.Options, parent, request) is { } refused)
        {
            call.Deny($"SPAWN {request.Name}", refused);
            return;
        }

        if (request.Models?.Group is { } group && !state.Options.Models.Groups.Any(known => known.Name == group))
        {
            call.Refuse(SysError.InvalidArgument(
                $"models.group is {group}; there are "
                + string.Join(", ", state.Options.Models.Groups.Select(known => known.Name))));
            return;
        }

        if (UnknownServer(state.Options.Tools, request.Tools ?? []) is { } unknown)
        {
            call.Refuse(unknown);
            return;
        }

        if (NotEnforceable(state.Options, request) is { } missing)
        {
            call.Refuse(missing);
            return;
        }

        if (request.Name is { } name && state.Processes.IsNameTaken(name))
        {
            call.Refuse(new SysError(
                SysErrorCode.NameTaken,
                $"a living process is called {name}",
                "choose another name, or kill it first"));
            return;
        }

        Admit(call, request, parent);
    }

    private static void Admit(SyscallContext call, Spawn request, Process? parent)
    {
        var state = call.State;
        var id = state.TakeProcessId();
        var process = new Process
        {
            Id = id,
            CreatedAt = state.Now,
            Plan = SpawnPlanning.Plan(state.Options, parent, request, FreeName(state, request.Name, id)),
        };
        state.Processes.Add(process);
        state.Calls.Add(new WaitingCall(call.Call, call.Caller, id, WaitingFor.Start));
        state.Calls.Publish(state, process, Happening.Of(process, EventTypes.Spawned, state.Now), call.Effects);
        state.Tally.Spawned();
        call.Effects.Add(new Launch(id, process.Plan, parent?.Key));
    }

    private static SysError? NotNow(KernelState state, Process? parent)
    {
        if (state.ShuttingDown)
        {
            return new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and starts nothing more");
        }

        if (state.Processes.LivingCount >= state.Options.ProcessesMax)
        {
            return new SysError(
                SysErrorCode.LimitExceeded,
                $"{state.Options.ProcessesMax} processes are alive, which is the limit",
                "raise limits.processes_max in the configuration");
        }

        if (parent is null)
        {
            return null;
        }

        if (parent.StartedAt is null || !parent.IsAlive || parent.StopCause is not null)
        {
            return new SysError(SysErrorCode.WrongState, "a process that is ending cannot spawn");
        }

        if (state.Processes.Depth(parent) + 1 >= Limits.DepthMax)
        {
            return new SysError(SysErrorCode.LimitExceeded, $"processes nest at most {Limits.DepthMax} deep");
        }

        return state.Processes.LivingDescendants(parent.Id).Take(Limits.DescendantsMax).Count() >= Limits.DescendantsMax
            ? new SysError(
                SysErrorCode.LimitExceeded, $"{Limits.DescendantsMax} descendants are alive, which is the limit")
            : null;
    }

    private static SysError? UnknownServer(ToolOptions options, IReadOnlyList<string> patterns)
    {
        foreach (var pattern in patterns)
        {
            ToolPattern.TrySplit(pattern, out var server, out _);
            if (!options.Servers.Any(known => known.Name == server))
            {
                var names = string.Join(", ", options.Servers.Select(known => known.Name));
                return SysError.InvalidArgument(
                    $"tools: there is no server of tools {server}; "
                    + (names.Length == 0 ? "none is configured" : $"there are {names}"),
                    "configure it as [tools.NAME]");
            }
        }

        return null;
    }

    private static SysError? NotEnforceable(KernelOptions options, Spawn request)
    {
        var missing = (request.Require ?? []).Where(name => !options.Enforced.Contains(name)).ToArray();
        return missing.Length == 0 ? null : new SysError(
            SysErrorCode.NotEnforceable,
            $"this host cannot enforce: {string.Join(", ", missing)}",
            "`analemma doctor` says why, and how to get it");
    }

    private static string FreeName(KernelState state, string? asked, ProcessId id)
    {
        var name = asked ?? $"agent-{id}";
        while (state.Processes.IsNameTaken(name))
        {
            name += "_";
        }

        return name;
    }
}
