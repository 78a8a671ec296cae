using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

/// <summary>What the events of messaging do; and to who waits for them, if this kernel knows.</summary>
internal static class MailChanges
{
    public static void Apply(KernelState state, MailEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case MailAccepted accepted:
                Accepted(state, accepted, effects);
                break;
            case MailAcknowledged acknowledged:
                Acknowledged(state, acknowledged, effects);
                break;
            case MailDropped dropped:
                Dropped(state, dropped, effects);
                break;
            case MailboxRegistered registered:
                Registered(state, registered, effects);
                break;
            case MailboxUnregistered unregistered:
                Unregistered(state, unregistered, effects);
                break;
            case MailDue:
                MailEnds.Due(state, effects);
                break;
            default:
                throw new KernelPanicException($"no handler for {@event.GetType().Name}");
        }

        state.Mail.Deadlines.Arm(effects);
    }

    private static void Accepted(KernelState state, MailAccepted accepted, List<Effect> effects)
    {
        var room = state.Mail;
        var commit = TakeCommit(room, accepted.Call);
        if (commit is not null)
        {
            Admission.Release(room, commit);
        }

        SendReply? reply = null;
        var delivered = 0;
        var mail = accepted.Mail;
        foreach (var name in accepted.Mailboxes)
        {
            if (!room.TryGetOwn(name, out var box) || !box.IsDurable)
            {
                continue;
            }

            if (box.Knows(mail.Key, out var known))
            {
                reply = new SendReply(known, box.Process) { Duplicate = true, Count = mail.Bodies?.Count };
                Admission.Pump(state, box, effects);
                continue;
            }

            var letters = Admission.Letters(mail, () => room.NextId++);
            var letter = letters[0];
            box.Remember(mail.Key, letter.Id);
            reply = new SendReply(letter.Id, box.Process) { Count = mail.Bodies?.Count };
            delivered++;
            if (commit is { IsAbandoned: false, ReplyTimeoutMs: { } timeout })
            {
                Admission.AwaitReply(state, commit.Call, commit.Caller, letter, box, timeout);
            }

            Delivery.Offer(state, box, letters, effects);
        }

        if (commit is null or { IsAbandoned: true })
        {
            return;
        }

        if (commit.IsBroadcast)
        {
            var skipped = commit.Skipped + accepted.Mailboxes.Count - delivered;
            effects.Add(new Answer(commit.Call, new BroadcastReply(commit.Delivered + delivered, skipped)));
        }
        else if (reply is null)
        {
            effects.Add(new Refuse(commit.Call, SysError.NoSuchMailbox(accepted.Mailboxes[0])));
        }
        else if (commit.ReplyTimeoutMs is null || reply.Duplicate == true)
        {
            effects.Add(new Answer(commit.Call, reply));
        }
    }

    private static void Acknowledged(KernelState state, MailAcknowledged acknowledged, List<Effect> effects)
    {
        foreach (var (name, ids) in acknowledged.Mails)
        {
            if (state.Mail.TryGetOwn(name, out var box))
            {
                foreach (var id in ids)
                {
                    if (box.Kept.TryGetValue(id, out var letter))
                    {
                        Delivery.Remove(state.Mail, letter);
                    }
                }

                Admission.Pump(state, box, effects);
            }
        }

        if (TakeCommit(state.Mail, acknowledged.Call) is { IsAbandoned: false } commit)
        {
            effects.Add(new Answer(commit.Call, new AckReply(commit.Count)
            {
                Stale = commit.Stale.Count > 0 ? commit.Stale : null,
            }));
        }
    }

    private static void Dropped(KernelState state, MailDropped dropped, List<Effect> effects)
    {
        if (!state.Mail.TryGetOwn(dropped.Mailbox, out var box))
        {
            return;
        }

        foreach (var id in dropped.Ids)
        {
            if (box.Kept.TryGetValue(id, out var letter))
            {
                Bury(state, letter, dropped.Reason, effects);
            }
        }

        Admission.Pump(state, box, effects);
    }

    private static void Bury(KernelState state, Letter letter, string reason, List<Effect> effects)
    {
        var name = letter.Box!.Plan.Name;
        Delivery.Remove(state.Mail, letter);
        state.Mail.DurableDead.Add(DeadLetter.Of(letter.Id, name, reason, letter.Mail, state.Now));
        MailTelling.Died(state, name, reason, [letter], effects);
        MailEnds.Unanswered(state, letter.Id, $"its message to {name} is a dead letter: {reason}", effects);
    }

    private static void Registered(KernelState state, MailboxRegistered registered, List<Effect> effects)
    {
        var room = state.Mail;
        if (!room.TryGetOwn(registered.Plan.Name, out var box))
        {
            box = new Mailbox(registered.Plan, ProcessId.None);
            room.Add(box);
        }

        if (registered.Topic is { } topic)
        {
            room.AddTopic(box, topic);
        }

        if (TakeCommit(room, registered.Call) is { IsAbandoned: false } commit)
        {
            effects.Add(new Answer(commit.Call, box.View(box.Plan.Name)));
        }
    }

    private static void Unregistered(KernelState state, MailboxUnregistered unregistered, List<Effect> effects)
    {
        var dropped = 0;
        if (state.Mail.TryGetOwn(unregistered.Mailbox, out var box) && box.IsDurable)
        {
            if (unregistered.Topic is { } topic)
            {
                state.Mail.RemoveTopic(box, topic);
            }
            else
            {
                dropped = box.Count;
                foreach (var letter in box.Kept.Values.ToArray())
                {
                    Bury(state, letter, DeathReasons.Unregistered, effects);
                }

                MailEnds.Closed(state, box, SysError.NoSuchMailbox(box.Plan.Name), effects);
            }
        }

        if (TakeCommit(state.Mail, unregistered.Call) is { IsAbandoned: false } commit)
        {
            effects.Add(new Answer(commit.Call, new UnregisterReply(dropped)));
        }
    }

    private static CommitWait? TakeCommit(MailRoom room, CallId call)
    {
        if (room.Waits.TryGetValue(call, out var wait) && wait is CommitWait commit)
        {
            room.Waits.Remove(call);
            return commit;
        }

        return null;
    }
}
