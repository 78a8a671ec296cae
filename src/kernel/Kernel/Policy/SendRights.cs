using Analemma.Abi;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Policy;

/// <summary>Who may send to which mailbox, who may receive from it, and who may take a name.</summary>
internal static class SendRights
{
    /// <summary>
    /// Why the caller may not send there, or null. A registered mailbox is there to be found by all; an inbox by its
    /// process alone, by those above it and below, and by those that the same parent spawned; unless
    /// the sender's permissions say otherwise.
    /// </summary>
    public static SysError? Problem(KernelState state, Caller caller, Mailbox box)
    {
        if (caller.IsHost || (box.IsInbox && box.Process == caller.Process))
        {
            return null;
        }

        if (box.IsResting)
        {
            // Agents of fleets have no parent: those beside them may send.
            return state.Processes.TryGet(caller.Process, out var beside) && beside.Parent == ProcessId.None
                ? Rights.MaySend(state, caller, box.Plan.Name, isNear: true)
                : SysError.NoSuchMailbox(box.Plan.Name);
        }

        var isNear = !box.IsInbox || box.Names.Count > 0
            || (state.Processes.TryGet(caller.Process, out var sender)
                && state.Processes.TryGet(box.Process, out var receiver)
                && AreKin(state, sender, receiver));
        var missing = Rights.MaySend(state, caller, box.Plan.Name, isNear);
        return missing is null || box.Names.Any(name => Rights.MaySend(state, caller, name, isNear) is null)
            ? null
            : isNear ? missing : SysError.NoSuchMailbox(box.Plan.Name);
    }

    /// <summary>Why the caller may not receive from it, or null.</summary>
    public static SysError? ReceiveProblem(KernelState state, Caller caller, Mailbox box)
    {
        if (box.IsResting)
        {
            return SysError.NoSuchMailbox(box.Plan.Name);
        }

        if (box.IsInbox ? box.Process == caller.Process : caller.IsHost || IsReceiver(state, caller, box.Plan))
        {
            return null;
        }

        return box.IsInbox && caller.IsHost
            ? SysError.PermissionDenied(
                $"the inbox of process {box.Plan.Name} is its own",
                "REGISTER a mailbox to receive from; `analemma mailbox list` shows what lies in each")
            : SysError.NoSuchMailbox(box.Plan.Name);
    }

    /// <summary>Whether an agent receives from a mailbox of its own: by its name and its parent.</summary>
    public static bool IsReceiver(KernelState state, Caller caller, MailboxPlan plan) =>
        plan.Receiver is not null
        && state.Processes.TryGet(caller.Process, out var process)
        && process.Name == plan.Receiver
        && process.Parent == plan.ReceiverParent;

    /// <summary>They have the same parent, or one is above the other.</summary>
    public static bool AreKin(KernelState state, Process one, Process other) =>
        one.Parent == other.Parent
        || state.Processes.IsInFamily(one, other.Id)
        || state.Processes.IsInFamily(other, one.Id);
}
