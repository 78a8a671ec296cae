using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

/// <summary>
/// How messages come into a mailbox and out of it. All of it is volatile but for what is kept and removed.
/// </summary>
internal static class Delivery
{
    /// <summary>Adds a message without giving it to anybody yet.</summary>
    public static void Keep(MailRoom room, Mailbox box, Letter letter)
    {
        letter.Box = box;
        box.Hold(letter.Mail, 1);
        room.Accounts.Add(letter.Mail, box.IsDurable);
        if (box.IsDurable)
        {
            box.Kept.Add(letter.Id, letter);
        }

        box.Queue.Add(letter);
        Due(room, letter, letter.Mail.ExpiresAt);
    }

    /// <summary>Gives a message to the first receiver that waits for such, else lets it wait.</summary>
    public static void Offer(KernelState state, Mailbox box, Letter letter, List<Effect> effects)
    {
        Keep(state.Mail, box, letter);
        Match(state, box, letter, effects);
        RestingInbox.CameIn(state, box, effects);
    }

    /// <summary>
    /// The same with several that came together and differ only in what they say: a receiver is given as many of them
    /// as it takes, in one answer.
    /// </summary>
    public static void Offer(KernelState state, Mailbox box, Letter[] letters, List<Effect> effects)
    {
        foreach (var letter in letters)
        {
            Keep(state.Mail, box, letter);
        }

        var left = letters.AsSpan();
        for (var node = box.Receivers.First; node is not null && left.Length > 0;)
        {
            var wait = node.Value;
            node = node.Next;
            if (wait.Filter.Wants(left[0].Mail))
            {
                var given = left[..Fit(left, wait.Most)];
                left = left[given.Length..];
                End(state.Mail, wait);
                Answer(state, box, wait, given, effects);
            }
        }

        RestingInbox.CameIn(state, box, effects);
    }

    /// <summary>Gives a message that waits to the first receiver that waits for such.</summary>
    public static void Match(KernelState state, Mailbox box, Letter letter, List<Effect> effects)
    {
        for (var node = box.Receivers.First; node is not null; node = node.Next)
        {
            if (node.Value.Filter.Wants(letter.Mail))
            {
                var wait = node.Value;
                End(state.Mail, wait);
                Answer(state, box, wait, new ReadOnlySpan<Letter>(in letter), effects);
                return;
            }
        }
    }

    /// <summary>Takes what a receiver wants and is there: as much as one answer may have.</summary>
    public static Letter[] Choose(
        KernelState state, Mailbox box, in LetterFilter filter, int most, List<Effect> effects)
    {
        List<Letter> chosen = [];
        var (bytes, handles) = (0L, 0);
        while (chosen.Count < most && box.Queue.Find(filter) is { } letter)
        {
            if (letter.HasExpired(state.Now))
            {
                Kill(state, letter, DeathReasons.Expired, effects);
                continue;
            }

            bytes += letter.Mail.Weight;
            handles += letter.Mail.Handle is null ? 0 : 1;
            if (chosen.Count > 0
                && (bytes > Limits.MailAnswerBytesMax || handles > Limits.MailHandlesPerAnswerMax))
            {
                break;
            }

            box.Queue.Remove(letter);
            chosen.Add(letter);
        }

        return [.. chosen];
    }

    public static void Answer(
        KernelState state, Mailbox box, ReceiveWait wait, ReadOnlySpan<Letter> letters, List<Effect> effects)
    {
        var views = new MailMessage[letters.Length];
        for (var i = 0; i < views.Length; i++)
        {
            views[i] = Give(state, box, wait, letters[i]);
        }

        effects.Add(new Answer(wait.Call, new RecvReply(views, box.Queue.Count)));
    }

    /// <summary>Takes a message out of its mailbox for good.</summary>
    public static void Remove(MailRoom room, Letter letter)
    {
        var box = letter.Box!;
        if (letter.IsQueued)
        {
            box.Queue.Remove(letter);
        }

        Return(room, letter);
        Due(room, letter, 0);
        letter.Box = null;
        if (box.IsDurable)
        {
            box.Kept.Remove(letter.Id);
        }

        box.Hold(letter.Mail, -1);
        box.IsFullTold &= box.Count * 2L > box.Plan.MaxMessages || box.Bytes * 2 > box.Plan.MaxBytes;
        room.Accounts.Remove(letter.Mail, box.IsDurable);
    }

    /// <summary>A lent message comes back, now or at a time; one that came back too often dies.</summary>
    public static void TakeBack(KernelState state, Letter letter, long at, List<Effect> effects)
    {
        Return(state.Mail, letter);
        var box = letter.Box!;
        if (letter.Deliveries >= box.Plan.MaxDeliveries)
        {
            Kill(state, letter, DeathReasons.GivenOutTooOften, effects);
        }
        else if (at > state.Now)
        {
            Due(state.Mail, letter, at);
        }
        else
        {
            Requeue(state, letter, effects);
        }
    }

    /// <summary>A message that was held back waits again.</summary>
    public static void Requeue(KernelState state, Letter letter, List<Effect> effects)
    {
        letter.Box!.Queue.PutBack(letter);
        Due(state.Mail, letter, letter.Mail.ExpiresAt);
        Match(state, letter.Box, letter, effects);
        RestingInbox.CameIn(state, letter.Box, effects);
    }

    /// <summary>Makes a message a dead letter: at once, or of a durable mailbox when that is in the journal.</summary>
    public static void Kill(KernelState state, Letter letter, string reason, List<Effect> effects)
    {
        var box = letter.Box!;
        if (letter.IsQueued)
        {
            box.Queue.Remove(letter);
        }

        Due(state.Mail, letter, 0);
        if (box.IsDurable)
        {
            letter.IsLeaving = true;
            effects.Add(new Raise(new MailDropped(box.Plan.Name, [letter.Id], reason) { At = state.Now }));
            return;
        }

        Bury(state, letter, reason, effects);
        MailTelling.Died(state, box.Plan.Name, reason, [letter], effects);
        MailEnds.Unanswered(state, letter.Id, $"its message to {box.Plan.Name} is a dead letter: {reason}", effects);
        Admission.Pump(state, box, effects);
    }

    /// <summary>A message of a mailbox that is not durable becomes a dead letter; its handle goes.</summary>
    public static void Bury(KernelState state, Letter letter, string reason, List<Effect> effects)
    {
        var name = letter.Box!.Plan.Name;
        Remove(state.Mail, letter);
        state.Mail.Dead.Add(DeadLetter.Of(letter.Id, name, reason, letter.Mail, state.Now));
        DropHandle(letter.Mail, effects);
    }

    /// <summary>Nobody will be given the message: nor what came with it.</summary>
    public static void DropHandle(Mail mail, List<Effect> effects)
    {
        if (mail.Handle is { } handle)
        {
            effects.Add(new DropHandle(handle.Number));
        }
    }

    /// <summary>The wait is over, and its call nobody's but the caller's.</summary>
    public static void End(MailRoom room, MailWait wait)
    {
        room.Waits.Remove(wait.Call);
        Due(room, wait);
        switch (wait)
        {
            case ReceiveWait receive:
                receive.Box.Receivers.Remove(receive.Node!);
                room.Receiving.Remove(wait.Caller);
                break;
            case SendWait send:
                send.Box.Senders.Remove(send.Node!);
                room.Sending.Remove(wait.Caller);
                room.Accounts.Remove(send.Mail, send.Box.IsDurable);
                break;
            case ReplyWait reply:
                room.Replies.Remove(reply.Letter);
                room.Sending.Remove(wait.Caller);
                break;
        }
    }

    /// <summary>How many of these one answer may have: at least one.</summary>
    private static int Fit(ReadOnlySpan<Letter> letters, int most)
    {
        var (fit, bytes) = (1, (long)letters[0].Mail.Weight);
        while (fit < letters.Length && fit < most
            && (bytes += letters[fit].Mail.Weight) <= Limits.MailAnswerBytesMax)
        {
            fit++;
        }

        return fit;
    }

    /// <summary>Not lent any more.</summary>
    private static void Return(MailRoom room, Letter letter)
    {
        if (letter.Receipt != 0)
        {
            room.Lent.Remove(letter.Receipt);
            letter.Receipt = 0;
            letter.Box!.Lent--;
        }
    }

    private static MailMessage Give(KernelState state, Mailbox box, ReceiveWait wait, Letter letter)
    {
        var room = state.Mail;
        if (letter.IsQueued)
        {
            box.Queue.Remove(letter);
        }

        var wantsReply = false;
        if (room.Replies.Count > 0 && room.Replies.TryGetValue(letter.Id, out var asks))
        {
            asks.Replier = wait.Caller;
            asks.Asked = box.IsDurable ? letter : null;
            wantsReply = true;
        }

        box.Taken(state.Now);
        box.LastTaker = wait.Caller.Process;
        Supervision.UnitNeeds.Given(state, wait.Caller.Process);
        if (!box.IsDurable)
        {
            Remove(room, letter);
            return letter.View(state.Now, wantsReply);
        }

        letter.Deliveries++;
        letter.Receipt = room.TakeReceipt(state.Boot);
        letter.Holder = wait.Caller;
        box.Lent++;
        room.Lent.Add(letter.Receipt, letter);
        var lentMs = wait.VisibilityMs ?? box.Plan.VisibilityMs;
        Due(room, letter, state.Now + (lentMs * TimeSpan.TicksPerMillisecond));
        return letter.View(state.Now, wantsReply);
    }

    private static void Due(MailRoom room, Letter letter, long at)
    {
        if (letter.DueAt == at)
        {
            return;
        }

        if (letter.DueAt != 0)
        {
            room.Deadlines.Gone();
        }

        letter.DueAt = at;
        room.Deadlines.Add(letter);
    }

    private static void Due(MailRoom room, MailWait over)
    {
        if (over.DueAt != 0)
        {
            over.DueAt = 0;
            room.Deadlines.Gone();
        }
    }
}
