using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>GETPERMS and SETPERMS: what an agent may, told and changed.</summary>
internal static class PermissionSyscalls
{
    public static void Handle(SyscallContext call, GetPerms request)
    {
        if (call.TryTarget(request, deadToo: true, out var target))
        {
            call.Answer(Reply(call.State, target));
        }
    }

    public static void Handle(SyscallContext call, SetPerms request)
    {
        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        var state = call.State;
        state.Processes.TryGet(target.Parent, out var parent);
        // The owner of the machine may give what the parent has; an agent gives nothing that is not there.
        var bound = call.Caller.IsHost ? parent : target;
        if (bound is not null && Rights.Widens(state, bound, request.Permissions) is { } refused)
        {
            call.Deny($"SETPERMS of process {target.Id}", refused);
            return;
        }

        target.PermissionsSet = Merge(target.Permissions, request.Permissions!);
        if (state.Fleets.TryUnit(target.Id, out var unit) && unit.Process == target.Id)
        {
            unit.PermissionsSet = target.PermissionsSet;
        }

        call.Answer(Reply(state, target));
    }

    private static PermsReply Reply(KernelState state, Process process) =>
        new(process.Id, process.Name, Rights.Of(state, process))
        {
            Tools = process.Plan.Tools,
            Network = process.View(state.Now).Network ?? [],
            Budget = process.Budget is { Tokens: null, Microdollars: null } ? null : process.Budget,
            Used = new ModelUsage
            {
                InputTokens = process.Spent.InputTokens,
                OutputTokens = process.Spent.OutputTokens,
                Microdollars = process.Spent.Microdollars,
            },
            Calls = process.Spent.Calls,
        };

    private static Permissions Merge(Permissions old, Permissions asked) => new()
    {
        Send = asked.Send ?? old.Send,
        Spawn = asked.Spawn ?? old.Spawn,
        Kill = asked.Kill ?? old.Kill,
        Read = asked.Read ?? old.Read,
        Exec = asked.Exec ?? old.Exec,
        Models = asked.Models ?? old.Models,
        StoreRead = asked.StoreRead ?? old.StoreRead,
        StoreWrite = asked.StoreWrite ?? old.StoreWrite,
        Emit = asked.Emit ?? old.Emit,
        Group = old.Group,
    };
}
