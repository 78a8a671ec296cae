using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

/// <summary>Whether a message comes into a mailbox now, later, or not.</summary>
internal static class Admission
{
    /// <summary>True when it may come in now. Nobody overtakes those who wait.</summary>
    public static bool HasRoom(Mailbox box, Mail mail) => box.Senders.Count == 0 && box.HasRoom(mail);

    /// <summary>Takes a message in whose room is sure, and answers its sender in time.</summary>
    public static void Admit(
        KernelState state,
        CallId call,
        Caller caller,
        Mailbox box,
        Mail mail,
        long? replyTimeoutMs,
        List<Effect> effects)
    {
        if (box.IsDurable)
        {
            CommitWait commit = new(call, caller) { ReplyTimeoutMs = replyTimeoutMs };
            Reserve(state.Mail, commit, box, mail);
            state.Mail.Waits.Add(call, commit);
            effects.Add(new Raise(new MailAccepted(call, mail, [box.Plan.Name]) { At = state.Now }));
            return;
        }

        if (mail.Bodies is not null)
        {
            var letters = Letters(mail, () => state.Mail.TakeVolatileId(state.Boot));
            effects.Add(new Answer(call, new SendReply(letters[0].Id, box.Process) { Count = letters.Length }));
            Delivery.Offer(state, box, letters, effects);
            return;
        }

        Letter letter = new(state.Mail.TakeVolatileId(state.Boot), mail);
        if (replyTimeoutMs is { } timeout)
        {
            AwaitReply(state, call, caller, letter, box, timeout);
        }
        else
        {
            effects.Add(new Answer(call, new SendReply(letter.Id, box.Process)));
        }

        Delivery.Offer(state, box, letter, effects);
    }

    /// <summary>What comes into a mailbox, each with a number of its own.</summary>
    public static Letter[] Letters(Mail mail, Func<long> takeId)
    {
        var letters = new Letter[mail.Count];
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = new Letter(takeId(), mail.One(i));
        }

        return letters;
    }

    public static void AwaitReply(
        KernelState state, CallId call, Caller caller, Letter letter, Mailbox box, long timeoutMs)
    {
        ReplyWait wait = new(call, caller, letter.Id, box)
        {
            Asked = letter,
            TakesHandles = letter.Mail.TakesHandles,
            DueAt = state.Now + (timeoutMs * TimeSpan.TicksPerMillisecond),
        };
        state.Mail.Waits.Add(call, wait);
        state.Mail.Replies.Add(letter.Id, wait);
        state.Mail.Sending.Add(caller);
        state.Mail.Deadlines.Add(wait);
    }

    /// <summary>Lets a sender wait for room. What it sends counts as if it were in.</summary>
    public static void Block(KernelState state, SendWait wait)
    {
        var room = state.Mail;
        wait.Node = wait.Box.Senders.AddLast(wait);
        room.Waits.Add(wait.Call, wait);
        room.Sending.Add(wait.Caller);
        room.Accounts.Add(wait.Mail, wait.Box.IsDurable);
        room.Deadlines.Add(wait);
    }

    public static void Reserve(MailRoom room, CommitWait commit, Mailbox box, Mail mail)
    {
        commit.Reserved.Add((box, mail));
        box.ReservedCount += mail.Count;
        box.ReservedBytes += mail.Weight;
        room.Accounts.Add(mail, box.IsDurable);
    }

    public static void Release(MailRoom room, CommitWait commit)
    {
        foreach (var (box, mail) in commit.Reserved)
        {
            box.ReservedCount -= mail.Count;
            box.ReservedBytes -= mail.Weight;
            room.Accounts.Remove(mail, box.IsDurable);
        }

        commit.Reserved.Clear();
    }

    /// <summary>There may be room: those who wait for it come in, in their order.</summary>
    public static void Pump(KernelState state, Mailbox box, List<Effect> effects)
    {
        while (box.Senders.First is { Value: var wait } && box.HasRoom(wait.Mail))
        {
            Delivery.End(state.Mail, wait);
            Admit(state, wait.Call, wait.Caller, box, wait.Mail, wait.ReplyTimeoutMs, effects);
        }
    }

    private static string Handles(Mailbox box) => box.HandleCount == 0
        ? ""
        : $"{box.HandleCount} of {Limits.MailboxHandlesMax} handles, "
            + $"{box.HandleBytes} of {Limits.MailboxHandleBytesMax} bytes in them, ";

    public static SysError Full(Mailbox box) => new(
        SysErrorCode.TryAgain,
        $"mailbox {box.Plan.Name} is full: {box.Count + box.ReservedCount} of {box.Plan.MaxMessages} messages, "
        + $"{box.Bytes + box.ReservedBytes} of {box.Plan.MaxBytes} bytes, {Handles(box)}"
        + $"{box.Senders.Count} senders wait",
        "give timeout_ms to wait for room, or send later")
    {
        RetryAfterMs = box.TakeMs ?? Limits.MailRetryMsDefault,
    };
}
