using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
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

        if (SpawnRights.Problem(state, parent, request) is { } refused)
        {
            call.Deny($"SPAWN {request.Name}", refused);
            return;
        }

        if (Unserved(state.Options, request) is { } unserved)
        {
            call.Refuse(unserved);
            return;
        }

        if (PipeSyscalls.Problem(state, call.Caller, request) is { } noPipe)
        {
            call.Refuse(noPipe);
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

    /// <summary>Why such a process may never be, whoever starts it for that parent; or null.</summary>
    public static SysError? Unfit(KernelState state, Process? parent, Spawn request) =>
        SpawnRights.Problem(state, parent, request) ?? Unserved(state.Options, request);

    /// <summary>Why such a process may not be now; or null.</summary>
    public static SysError? Obstacle(KernelState state, Process? parent, Spawn request) =>
        NotNow(state, parent) ?? Unfit(state, parent, request);

    /// <summary>Makes the process, and has it launched.</summary>
    public static Process Launch(KernelState state, SpawnPlan plan, Process? parent, List<Effect> effects)
    {
        var process = new Process { Id = state.TakeProcessId(), CreatedAt = state.Now, Plan = plan };
        state.Processes.Add(process);
        state.Calls.Publish(state, process, Happening.Of(process, EventTypes.Spawned, state.Now), effects);
        state.Tally.Spawned();
        effects.Add(new Launch(process.Id, plan, parent?.Key));
        return process;
    }

    /// <summary>
    /// The launch that this spawn comes to, if nothing else happens before it is handled; null when it will be refused.
    /// Changes nothing.
    /// </summary>
    public static Launch? Foresee(KernelState state, Caller caller, Spawn request)
    {
        Process? parent = null;
        var isKnown = caller.IsHost || state.Processes.TryGet(caller.Process, out parent);
        if (!isKnown || Obstacle(state, parent, request) is not null
            || PipeSyscalls.Problem(state, caller, request) is not null
            || (request.Name is { } name && state.Processes.IsNameTaken(name)))
        {
            return null;
        }

        return new Launch(new ProcessId(state.NextProcessId), PlanNext(state, request, parent), parent?.Key);
    }

    private static void Admit(SyscallContext call, Spawn request, Process? parent)
    {
        var state = call.State;
        var process = Launch(state, PlanNext(state, request, parent), parent, call.Effects);
        PipeSyscalls.Give(state, request, process.Id);
        state.Calls.Add(new WaitingCall(call.Call, call.Caller, process.Id, WaitingFor.Start));
    }

    private static SpawnPlan PlanNext(KernelState state, Spawn request, Process? parent)
    {
        var name = FreeName(state, request.Name, new ProcessId(state.NextProcessId));
        return SpawnPlanning.Plan(state.Options, parent, request, name);
    }

    /// <summary>What this kernel and this host do not have; or null.</summary>
    private static SysError? Unserved(KernelOptions options, Spawn request) =>
        UnknownGroup(options, request) ?? UnknownServer(options.Tools, request.Tools ?? [])
        ?? NotEnforceable(options, request);

    private static SysError? UnknownGroup(KernelOptions options, Spawn request) =>
        request.Models?.Group is { } group && !options.Models.Groups.Any(known => known.Name == group)
            ? SysError.InvalidArgument(
                $"models.group is {group}; there are "
                + string.Join(", ", options.Models.Groups.Select(known => known.Name)))
            : null;

    /// <summary>Why nothing can be started for that parent now; or null.</summary>
    public static SysError? NotNow(KernelState state, Process? parent)
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
        if (request.Network is { IsShared: true } && request.Require?.Contains(GuaranteeNames.Network) == true)
        {
            return new SysError(
                SysErrorCode.NotEnforceable,
                "network is required, and the host's network is asked for: that has no network of its own",
                "leave one of them out");
        }

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
