using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Mailboxes;

/// <summary>How waits end otherwise than by what they wait for, and mailboxes with their process.</summary>
internal static class MailEnds
{
    /// <summary>The time of some things has come.</summary>
    public static void Due(KernelState state, List<Effect> effects)
    {
        var room = state.Mail;
        room.Deadlines.TimerRang();
        while (room.Deadlines.Take(state.Now) is { } thing)
        {
            switch (thing)
            {
                case Letter letter:
                    letter.DueAt = 0;
                    LetterDue(state, letter, effects);
                    break;
                case MailWait wait:
                    wait.DueAt = 0;
                    TimedOut(state, wait, effects);
                    break;
            }
        }
    }

    /// <summary>Who made the call does not want it any more.</summary>
    public static void Cancelled(KernelState state, CallId call, List<Effect> effects)
    {
        if (!state.Mail.Waits.TryGetValue(call, out var wait))
        {
            return;
        }

        if (wait is CommitWait commit)
        {
            commit.IsAbandoned = true;
            return;
        }

        Delivery.End(state.Mail, wait);
        if (wait is SendWait send)
        {
            Delivery.DropHandle(send.Mail, effects);
            Admission.Pump(state, send.Box, effects);
        }
    }

    /// <summary>
    /// A process has ended: its inbox goes, what was lent to it comes back, and nobody waits for its replies.
    /// </summary>
    public static void ProcessEnded(KernelState state, Process process, List<Effect> effects)
    {
        var room = state.Mail;
        if (room.TryGetInbox(process.Id, out var inbox)
            && !RestingInbox.Outlives(state, process, inbox, Ended(process), effects))
        {
            room.Remove(inbox);
            BuryAll(state, inbox, DeathReasons.ReceiverEnded, effects);
            Closed(state, inbox, Ended(process), effects);
        }

        if (room.Lent.Count > 0)
        {
            foreach (var letter in room.Lent.Values.Where(each => each.Holder.Process == process.Id).ToArray())
            {
                if (!letter.IsLeaving)
                {
                    Delivery.TakeBack(state, letter, state.Now, effects);
                }
            }
        }

        foreach (var wait in room.Replies.Values.Where(each => each.Replier?.Process == process.Id).ToArray())
        {
            Refuse(state, wait, Ended(process), effects);
        }

        room.Deadlines.Arm(effects);
    }

    /// <summary>A mailbox that is not durable is no more, and what is in it dead.</summary>
    public static void Unregistered(KernelState state, Mailbox box, List<Effect> effects)
    {
        BuryAll(state, box, DeathReasons.Unregistered, effects);
        Closed(state, box, SysError.NoSuchMailbox(box.Plan.Name), effects);
    }

    /// <summary>Messages that are not durable die together.</summary>
    public static void BuryAll(KernelState state, Mailbox box, string reason, List<Effect> effects)
    {
        var letters = box.Queue.All().ToArray();
        foreach (var letter in letters)
        {
            Delivery.Bury(state, letter, reason, effects);
        }

        MailTelling.Died(state, box.Plan.Name, reason, letters, effects);
    }

    /// <summary>Nobody will reply to a message.</summary>
    public static void Unanswered(KernelState state, long letter, string why, List<Effect> effects)
    {
        if (state.Mail.Replies.TryGetValue(letter, out var wait))
        {
            Refuse(state, wait, new SysError(SysErrorCode.NoSuchMailbox, $"no reply will come: {why}"), effects);
        }
    }

    /// <summary>A mailbox is no more; its messages have gone already.</summary>
    public static void Closed(KernelState state, Mailbox box, SysError error, List<Effect> effects)
    {
        state.Mail.Remove(box);
        foreach (var wait in box.Receivers.ToArray())
        {
            Refuse(state, wait, error, effects);
        }

        foreach (var wait in box.Senders.ToArray())
        {
            Refuse(state, wait, error, effects);
        }

        foreach (var wait in state.Mail.Replies.Values.Where(each => each.Box == box).ToArray())
        {
            Refuse(state, wait, error, effects);
        }
    }

    private static SysError Ended(Process process) => new(
        SysErrorCode.NoSuchMailbox,
        $"process {process.Name} ({process.Id}) has ended, and its inbox with it",
        "a durable mailbox outlives its receiver: REGISTER one");

    private static void Refuse(KernelState state, MailWait wait, SysError error, List<Effect> effects)
    {
        Delivery.End(state.Mail, wait);
        effects.Add(new Refuse(wait.Call, error));
        if (wait is SendWait send)
        {
            Delivery.DropHandle(send.Mail, effects);
        }
    }

    private static void LetterDue(KernelState state, Letter letter, List<Effect> effects)
    {
        if (letter.Box is null || letter.IsLeaving)
        {
            return;
        }

        if (letter.Receipt != 0)
        {
            Delivery.TakeBack(state, letter, state.Now, effects);
        }
        else if (letter.HasExpired(state.Now))
        {
            Delivery.Kill(state, letter, DeathReasons.Expired, effects);
        }
        else if (!letter.IsQueued)
        {
            Delivery.Requeue(state, letter, effects);
        }
    }

    private static void TimedOut(KernelState state, MailWait wait, List<Effect> effects)
    {
        switch (wait)
        {
            case ReceiveWait receive:
                Delivery.End(state.Mail, wait);
                effects.Add(new Answer(wait.Call, new RecvReply([], receive.Box.Queue.Count)));
                break;
            case SendWait send:
                var full = Admission.Full(send.Box);
                full = full with { Code = SysErrorCode.TimedOut, Message = $"still, {full.Message}" };
                Refuse(state, wait, full, effects);
                Admission.Pump(state, send.Box, effects);
                break;
            case ReplyWait reply:
                Refuse(
                    state,
                    wait,
                    new SysError(
                        SysErrorCode.TimedOut,
                        reply.Replier is null
                            ? $"no reply came in time: message {reply.Letter} was not taken from {reply.Box.Plan.Name}"
                            : $"no reply came in time from who took message {reply.Letter}"),
                    effects);
                if (reply.Asked is { Box: not null, Receipt: 0, IsLeaving: false })
                {
                    // Whoever took it now would work for nobody.
                    Delivery.Kill(state, reply.Asked, DeathReasons.Expired, effects);
                }

                break;
        }
    }
}
