using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

/// <summary>
/// What must be true of permissions: nobody does what it may not, nobody has more than those above it, and nobody but
/// the host gives anybody more than there was. Judged for every durable request, by rules written anew: a name must be
/// in the list of the process itself and in that of each above it.
/// </summary>
internal sealed class RightsInvariants
{
    private Dictionary<ProcessId, IReadOnlyList<string>[]> _before = [];
    private Dictionary<ProcessId, IReadOnlyList<string>[]> _after = [];
    private CallId? _forbidden;
    private string _deed = "";

    /// <summary>Requests of agents that were forbidden, and refused.</summary>
    public long Refused { get; private set; }

    /// <summary>When permissions were changed last.</summary>
    public long ChangedAt { get; private set; } = long.MinValue / 2;

    /// <summary>Requests of agents that took a right which the agent has.</summary>
    public long Allowed { get; private set; }

    /// <summary>To be called with the state as of before each event of the journal.</summary>
    public void Before(KernelState state, KernelEvent @event)
    {
        _forbidden = null;
        if (@event is SyscallArrived { Caller.IsHost: false } arrived
            && state.Processes.TryGet(arrived.Caller.Process, out var caller)
            && Needs(state, arrived.Syscall, caller) is var (capability, name, isNear))
        {
            _deed = $"{caller.Name} asked for {arrived.Syscall.Number} of {name}";
            _forbidden = Allows(state, caller, capability, name, isNear) ? null : arrived.Call;
            Allowed += _forbidden is null ? 1 : 0;
        }
    }

    /// <summary>And with the state after it.</summary>
    public void After(KernelState state, KernelEvent @event, IReadOnlyList<Effect> effects)
    {
        if (_forbidden is { } call)
        {
            Refused++;
            ViolationException.Unless(
                effects.OfType<Refuse>().Any(refuse => refuse.Call == call), "nobody does what it may not", _deed);
        }

        ChangedAt = @event is SyscallArrived { Syscall: SetPerms } ? state.Now : ChangedAt;
        var mayWiden = @event is SyscallArrived { Caller.IsHost: true, Syscall: SetPerms };
        (_before, _after) = (_after, _before);
        _after.Clear();
        foreach (var process in state.Processes.Living)
        {
            var lists = ListsOf(state, process);
            _after.Add(process.Id, lists);
            if (!mayWiden && _before.TryGetValue(process.Id, out var before))
            {
                CheckWithin(before, lists, "permissions are never widened", process);
            }

            if (_after.TryGetValue(process.Parent, out var above))
            {
                CheckWithin(above, lists, "a child has no more than its parent", process);
            }
        }
    }

    private static void CheckWithin(
        IReadOnlyList<string>[] bound, IReadOnlyList<string>[] lists, string rule, Process process)
    {
        for (var i = 0; i < lists.Length; i++)
        {
            if (ReferenceEquals(lists[i], bound[i]))
            {
                continue;
            }

            var more = lists[i].FirstOrDefault(item => !NamePattern.Covers(bound[i], item));
            ViolationException.Unless(
                more is null, rule, $"{process.Name} has {Capabilities.NameOf(Capabilities.All[i])} {more}");
        }
    }

    private static IReadOnlyList<string>[] ListsOf(KernelState state, Process process)
    {
        var lists = new IReadOnlyList<string>[Capabilities.All.Count];
        for (var i = 0; i < lists.Length; i++)
        {
            lists[i] = Rights.Of(state, process, Capabilities.All[i]);
        }

        return lists;
    }

    /// <summary>The right that a request takes; null where there is no telling.</summary>
    private static (Capability, string, bool)? Needs(KernelState state, Syscall syscall, Process caller)
    {
        switch (syscall)
        {
            case Spawn spawn:
                return (Capability.Spawn, spawn.Name ?? NamePattern.All, false);
            case Kill or Pause or Resume or SetPerms when Target(state, (TargetedSyscall)syscall) is { } target:
                return target.Id == caller.Id ? null
                    : (Capability.Kill, target.Name, state.Processes.IsInFamily(target, caller.Id));
            case PipeGive { ToId: { } to } when state.Processes.TryGet(to, out var target):
                return (Capability.Send, target.Name, target.Parent == caller.Parent
                    || state.Processes.IsInFamily(target, caller.Id) || state.Processes.IsInFamily(caller, target.Id));
            case Restart { Name: { } name, Id: null } when state.Fleets.TryUnit(name, out var unit):
                return (Capability.Kill, name, state.Processes.TryGet(unit.Parent, out var parent)
                    && state.Processes.IsInFamily(parent, caller.Id));
            default:
                return null;
        }
    }

    private static Process? Target(KernelState state, TargetedSyscall syscall) => syscall.Id is { } id
        ? state.Processes.TryGet(id, out var byId) ? byId : null
        : syscall.Name is { } name && state.Processes.TryFind(name, out var byName) ? byName : null;

    internal static bool Allows(KernelState state, Process process, Capability capability, string name, bool isNear)
    {
        for (var at = process; ; at = state.Processes.TryGet(at.Parent, out var above) ? above : null)
        {
            if (at is null)
            {
                return false;
            }

            var list = Capabilities.Of(at.Permissions, capability)
                ?? (at.Parent == ProcessId.None ? Capabilities.DefaultOf(capability) : null);
            if (list is not null && !list.Any(item => item == NamePattern.Family ? isNear : Matches(item, name)))
            {
                return false;
            }

            if (at.Parent == ProcessId.None)
            {
                return true;
            }
        }
    }

    /// <summary>By trying every split at the first star.</summary>
    private static bool Matches(string pattern, string name)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? pattern == name
            : name.StartsWith(pattern[..star], StringComparison.Ordinal)
            && Enumerable.Range(star, name.Length - star + 1).Any(at => Matches(pattern[(star + 1)..], name[at..]));
    }
}
