using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Policy;

/// <summary>
/// What an agent may, by its permissions and those of all above it: what GET_PERMS shows is what holds. The host may
/// everything.
/// </summary>
public static class Rights
{
    /// <summary>The list that holds for an agent: its own, within its parent's, up to the oldest of all.</summary>
    public static IReadOnlyList<string> Of(KernelState state, Process process, Capability capability)
    {
        var own = Capabilities.Of(process.Permissions, capability);
        if (process.Parent == ProcessId.None)
        {
            return own ?? Capabilities.DefaultOf(capability);
        }

        // Of a child whose parent is forgotten already nobody knows what it may: it is ending too, and may nothing.
        return !state.Processes.TryGet(process.Parent, out var parent) ? []
            : own is null ? Of(state, parent, capability)
            : NamePattern.Both(Of(state, parent, capability), own);
    }

    /// <summary>Every list, decided.</summary>
    public static Permissions Of(KernelState state, Process process) => new()
    {
        Send = Of(state, process, Capability.Send),
        Spawn = Of(state, process, Capability.Spawn),
        Kill = Of(state, process, Capability.Kill),
        Read = Of(state, process, Capability.Read),
        Exec = Of(state, process, Capability.Exec),
        Models = Of(state, process, Capability.Models),
        StoreRead = Of(state, process, Capability.StoreRead),
        StoreWrite = Of(state, process, Capability.StoreWrite),
        Emit = Of(state, process, Capability.Emit),
        Group = Values.ValueOwners.GroupOf(process),
    };

    /// <summary>Whether it may do that to another: one of those near, if they are named, or one so called.</summary>
    public static bool Reaches(KernelState state, ProcessId caller, Capability capability, Process target) =>
        target.Id == caller
        || (state.Processes.TryGet(caller, out var process)
            && Reaches(Of(state, process, capability), target.Name, state.Processes.IsInFamily(target, caller)));

    /// <summary>Whether an agent may be told of one so called; near is whoever is below it.</summary>
    public static bool MayHear(KernelState state, ProcessId caller, string? name, bool isNear) =>
        state.Processes.TryGet(caller, out var process) && (name is null
            ? isNear : Reaches(Of(state, process, Capability.Read), name, isNear));

    /// <summary>Whether an agent may do that to what is supervised under a name.</summary>
    public static bool Reaches(KernelState state, ProcessId caller, Capability capability, string name, bool isNear) =>
        state.Processes.TryGet(caller, out var process) && Reaches(Of(state, process, capability), name, isNear);

    /// <summary>
    /// Why an agent may not send to a mailbox of that name, or null. Near are those that it reaches without being told.
    /// </summary>
    public static SysError? MaySend(KernelState state, Caller caller, string name, bool isNear) =>
        caller.IsHost || !state.Processes.TryGet(caller.Process, out var process)
            || Reaches(Of(state, process, Capability.Send), name, isNear)
            ? null
            : Missing(Capability.Send, name, $"this agent may not send to {name}");

    /// <summary>Why an agent may not emit events of that type, or null.</summary>
    public static SysError? MayEmit(KernelState state, Caller caller, string type) =>
        Named(state, caller, Capability.Emit, type, $"this agent may not emit {type}");

    /// <summary>Why an agent may not think with that model, by any of the names that it goes by; or null.</summary>
    public static SysError? MayThink(KernelState state, Process? caller, string model, string? alias) =>
        caller is null || Of(state, caller, Capability.Models) is var list
            && (NamePattern.Matches(list, model) || (alias is not null && NamePattern.Matches(list, alias)))
            ? null
            : Missing(Capability.Models, alias ?? model, $"this agent may not think with {alias ?? model}");

    /// <summary>Why an agent may not spawn one of that name, or null; null for a name that the kernel gives.</summary>
    public static SysError? MaySpawn(KernelState state, Process parent, string? name)
    {
        var list = Of(state, parent, Capability.Spawn);
        return NamePattern.Matches(list, name ?? NamePattern.All)
            ? null
            : Missing(
                Capability.Spawn,
                name ?? NamePattern.All,
                list.Count == 0 ? "this agent may spawn nobody" : $"this agent may spawn {string.Join(", ", list)}, "
                    + (name is null ? "by a name that it gives" : $"and not {name}"));
    }

    /// <summary>What of permissions goes beyond what somebody has, or null.</summary>
    public static SysError? Widens(KernelState state, Process holder, Permissions? asked)
    {
        foreach (var capability in Capabilities.All)
        {
            var own = Of(state, holder, capability);
            if (Capabilities.Of(asked, capability)?.FirstOrDefault(item => !NamePattern.Covers(own, item)) is { } item)
            {
                return Missing(
                    capability,
                    item,
                    $"{Capabilities.NameOf(capability)}: {item} is not within what {holder.Name} has itself, "
                    + (own.Count == 0 ? "which is nothing" : string.Join(", ", own)));
            }
        }

        return asked?.Group is { } group && group != Values.ValueOwners.GroupOf(holder)
            ? Missing("group", group, "an agent and all below it share one group, which the host alone can name")
            : null;
    }

    public static SysError Missing(Capability capability, string what, string message) =>
        Missing(Capabilities.NameOf(capability), what, message);

    private static SysError Missing(string capability, string what, string message) =>
        SysError.PermissionDenied(message, $"missing capability: {capability} {what}");

    private static SysError? Named(
        KernelState state, Caller caller, Capability capability, string name, string message) =>
        caller.IsHost || !state.Processes.TryGet(caller.Process, out var process)
            || NamePattern.Matches(Of(state, process, capability), name)
            ? null
            : Missing(capability, name, message);

    private static bool Reaches(IReadOnlyList<string> list, string name, bool isNear) =>
        NamePattern.Matches(list, name) || (isNear && NamePattern.Matches(list, NamePattern.Family));
}
