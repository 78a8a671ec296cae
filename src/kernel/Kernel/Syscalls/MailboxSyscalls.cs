using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Syscalls;

/// <summary>REGISTER, UNREGISTER and the listings.</summary>
internal static class MailboxSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case Register register:
                Register(call, register);
                break;
            case Unregister unregister:
                Unregister(call, unregister);
                break;
            case Abi.Syscalls.Mailboxes:
                call.Answer(new MailboxesReply([.. Visible(call).OrderBy(view => view.Name, StringComparer.Ordinal)]));
                break;
            case DeadLetters dead:
                ListDead(call, dead);
                break;
        }
    }

    private static void Register(SyscallContext call, Register register)
    {
        if (register.Receiver is not null && !call.Caller.IsHost)
        {
            call.Refuse(SysError.PermissionDenied("an agent registers mailboxes for itself: leave receiver out"));
        }
        else if (register.Name is null)
        {
            if (MailSyscalls.TryFindOwn(call, null, out var inbox))
            {
                AddTopic(call, inbox, register.Topic!);
            }
        }
        else if (call.State.Mail.TryGetOwn(register.Name, out var there))
        {
            Join(call, register, there);
        }
        else if (call.Caller.IsHost || register.Durable == true)
        {
            Open(call, register, register.Name);
        }
        else if (MailSyscalls.TryFindOwn(call, null, out var box))
        {
            Name(call, register, register.Name, box);
        }
    }

    /// <summary>One of that name is there already: right for who receives from it, taken for all others.</summary>
    private static void Join(SyscallContext call, Register register, Mailbox there)
    {
        if (SendRights.ReceiveProblem(call.State, call.Caller, there) is not null
            || (register.Durable ?? there.IsDurable) != there.IsDurable)
        {
            call.Refuse(Taken(register.Name!));
        }
        else if (register.Topic is { } topic && !there.Topics.Contains(topic))
        {
            AddTopic(call, there, topic);
        }
        else
        {
            call.Answer(there.View(there.Plan.Name));
        }
    }

    private static void Open(SyscallContext call, Register register, string name)
    {
        var (state, room) = (call.State, call.State.Mail);
        state.Processes.TryGet(call.Caller.Process, out var own);
        if (!call.Caller.IsHost && own is not { IsAlive: true })
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "the process has ended"));
            return;
        }

        if (room.IsOpening(name))
        {
            call.Refuse(new SysError(SysErrorCode.TryAgain, $"mailbox {name} is being made", "try again shortly"));
            return;
        }

        if (room.TryGetAlias(name, out _)
            || (own is not null && own.Name != name && state.Processes.IsNameTaken(name)))
        {
            call.Refuse(Taken(name));
            return;
        }

        if (TooMany(call) is { } full)
        {
            call.Refuse(full);
            return;
        }

        MailboxPlan plan = new(name)
        {
            IsDurable = register.Durable == true,
            Receiver = register.Receiver ?? own?.Name,
            ReceiverParent = own?.Parent ?? ProcessId.None,
            MaxMessages = register.MaxMessages ?? Limits.MailboxMessagesDefault,
            MaxBytes = register.MaxBytes ?? Limits.MailboxBytesDefault,
            VisibilityMs = register.VisibilityMs ?? Limits.MailVisibilityMsDefault,
            MaxDeliveries = register.MaxDeliveries ?? Limits.MailDeliveriesDefault,
        };
        if (plan.IsDurable)
        {
            room.Opening(name);
            Commit(call, new MailboxRegistered(call.Call, plan, register.Topic) { At = state.Now });
            return;
        }

        Mailbox box = new(plan, ProcessId.None);
        room.Add(box);
        if (register.Topic is { } topic)
        {
            room.AddTopic(box, topic);
        }

        call.Answer(box.View(name));
    }

    private static SysError? TooMany(SyscallContext call)
    {
        var room = call.State.Mail;
        if (room.Own.Count >= Limits.MailboxesMax)
        {
            return new SysError(SysErrorCode.LimitExceeded, $"there are {Limits.MailboxesMax} mailboxes already");
        }

        var own = call.Caller.IsHost
            ? 0 : room.Own.Count(box => SendRights.IsReceiver(call.State, call.Caller, box.Plan));
        return own >= Limits.MailboxesPerAgentMax
            ? new SysError(SysErrorCode.LimitExceeded, $"this agent has {own} mailboxes of their own already") : null;
    }

    private static void Name(SyscallContext call, Register register, string name, Mailbox inbox)
    {
        var room = call.State.Mail;
        var isOwn = inbox.Names.Contains(name);
        if (!isOwn && (room.IsOpening(name) || room.TryGetAlias(name, out _)
            || (inbox.Plan.Name != name && call.State.Processes.IsNameTaken(name))))
        {
            call.Refuse(Taken(name));
            return;
        }

        if (!isOwn && inbox.Names.Count >= Limits.MailboxNamesMax)
        {
            call.Refuse(new SysError(
                SysErrorCode.LimitExceeded, $"the inbox has {Limits.MailboxNamesMax} names already"));
            return;
        }

        room.AddName(inbox, name);
        if (register.Topic is { } topic)
        {
            AddTopic(call, inbox, topic);
        }
        else
        {
            call.Answer(inbox.View(name));
        }
    }

    private static void AddTopic(SyscallContext call, Mailbox box, string topic)
    {
        if (box.Topics.Count >= Limits.MailboxTopicsMax && !box.Topics.Contains(topic))
        {
            call.Refuse(new SysError(
                SysErrorCode.LimitExceeded, $"the mailbox has {Limits.MailboxTopicsMax} topics already"));
        }
        else if (box.IsDurable)
        {
            Commit(call, new MailboxRegistered(call.Call, box.Plan, topic) { At = call.State.Now });
        }
        else
        {
            call.State.Mail.AddTopic(box, topic);
            call.Answer(box.View(box.Plan.Name));
        }
    }

    private static void Unregister(SyscallContext call, Unregister unregister)
    {
        var room = call.State.Mail;
        if (!MailSyscalls.TryFindOwn(call, unregister.Name, out var box))
        {
            return;
        }

        if (box.IsDurable)
        {
            Commit(call, new MailboxUnregistered(call.Call, box.Plan.Name, unregister.Topic) { At = call.State.Now });
        }
        else if (unregister.Topic is { } topic)
        {
            room.RemoveTopic(box, topic);
            call.Answer(new UnregisterReply(0));
        }
        else if (box.IsInbox)
        {
            if (!box.Names.Contains(unregister.Name!))
            {
                call.Refuse(SysError.NoSuchMailbox(unregister.Name!));
                return;
            }

            room.RemoveName(box, unregister.Name!);
            call.Answer(new UnregisterReply(0));
        }
        else
        {
            Close(call, box);
        }
    }

    private static void Close(SyscallContext call, Mailbox box)
    {
        var dropped = box.Count;
        MailEnds.Unregistered(call.State, box, call.Effects);
        call.Answer(new UnregisterReply(dropped));
    }

    private static IEnumerable<MailboxView> Visible(SyscallContext call) =>
        call.State.Mail.Own.Concat(call.State.Mail.Inboxes).Concat(call.State.Mail.Resting.Values)
            .Where(box => call.Caller.IsHost || SendRights.ReceiveProblem(call.State, call.Caller, box) is null)
            .Select(box => box.View(box.Plan.Name));

    private static void ListDead(SyscallContext call, DeadLetters dead)
    {
        var room = call.State.Mail;
        var seen = room.Dead.All.Concat(room.DurableDead.All)
            .Where(letter => dead.Mailbox is null || letter.Mailbox == dead.Mailbox)
            .Where(letter => call.Caller.IsHost || letter.Mail.From == call.Caller.Process
                || (room.TryGetOwn(letter.Mailbox, out var box)
                    && SendRights.ReceiveProblem(call.State, call.Caller, box) is null))
            .OrderByDescending(letter => letter.DiedAt)
            .Take(dead.Max ?? Limits.DeadLettersShown);
        call.Answer(new DeadLettersReply(
            [.. seen.Select(letter => letter.View())], room.Dead.Forgotten + room.DurableDead.Forgotten));
    }

    private static void Commit(SyscallContext call, MailEvent @event)
    {
        call.State.Mail.Waits.Add(call.Call, new CommitWait(call.Call, call.Caller));
        call.Effects.Add(new Raise(@event));
    }

    private static SysError Taken(string name) => new(
        SysErrorCode.NameTaken, $"the name {name} is another's", "take another name, or free it with UNREGISTER");
}
