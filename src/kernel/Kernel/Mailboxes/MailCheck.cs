namespace Analemma.Kernel.Mailboxes;

/// <summary>
/// What must hold of all mailboxes whenever nothing is on its way to the journal. For the simulator and tests.
/// </summary>
public static class MailCheck
{
    /// <summary>What is wrong, and where; null when nothing is.</summary>
    public static string? Problem(KernelState state)
    {
        var room = state.Mail;
        var boxes = room.Own.Concat(room.Inboxes).Concat(room.Resting.Values).ToArray();
        var problem = boxes.Select(box => Problem(state, box)).FirstOrDefault(found => found is not null);
        if (problem is not null)
        {
            return problem;
        }

        var accounts = room.Accounts;
        var count = boxes.Sum(box => box.Count + box.ReservedCount + box.Senders.Sum(wait => wait.Mail.Count));
        var bytes = boxes.Sum(box => box.Bytes + box.ReservedBytes + box.Senders.Sum(wait => wait.Mail.Weight));
        return count != accounts.Count || bytes != accounts.Bytes
            ? $"{count} messages of {bytes} bytes are there, {accounts.Count} of {accounts.Bytes} are accounted"
            : accounts.Count > Limits.MailMessagesMax || accounts.Bytes > Limits.MailBytesMax
            ? $"{accounts.Count} messages of {accounts.Bytes} bytes are more than the kernel may hold"
            : room.Lent.Count != boxes.Sum(box => box.Lent) ? $"{room.Lent.Count} messages are lent"
            : WaitProblem(room, state.Now);
    }

    private static string? Problem(KernelState state, Mailbox box)
    {
        var name = box.Plan.Name;
        var waiting = box.Queue.All().ToArray();
        var held = box.IsDurable ? [.. box.Kept.Values] : waiting;
        if (held.Length != box.Count || held.Sum(letter => (long)letter.Mail.Weight) != box.Bytes)
        {
            return $"{name} has {held.Length} messages and says {box.Count}";
        }

        var handles = held.Count(letter => letter.Mail.Handle is not null);
        if (handles != box.HandleCount || held.Sum(letter => letter.Mail.HandleBytes) != box.HandleBytes
            || handles > Limits.MailboxHandlesMax || box.HandleBytes > Limits.MailboxHandleBytesMax
            || (box.IsDurable && handles > 0))
        {
            return $"{name} has {handles} handles and says {box.HandleCount} of {box.HandleBytes} bytes";
        }

        if (box.Count + box.ReservedCount > box.Most.Count || box.Bytes + box.ReservedBytes > box.Most.Bytes)
        {
            return $"{name} has {box.Count} messages of {box.Bytes} bytes, more than it may";
        }

        if (box.Senders.First is { Value: var sender } && box.HasRoom(sender.Mail))
        {
            return $"call {sender.Call.Value} waits for room in {name}, which has some";
        }

        var unread = box.Receivers.FirstOrDefault(wait => waiting.Any(
            letter => wait.Filter.Wants(letter.Mail) && !letter.HasExpired(state.Now)));
        return unread is null ? null : $"call {unread.Call.Value} waits for what lies in {name}";
    }

    private static string? WaitProblem(MailRoom room, long now)
    {
        foreach (var wait in room.Waits.Values)
        {
            var isThere = wait switch
            {
                ReceiveWait receive => !receive.Box.IsClosed && receive.Node!.List == receive.Box.Receivers,
                SendWait send => !send.Box.IsClosed && send.Node!.List == send.Box.Senders,
                ReplyWait reply => room.Replies.TryGetValue(reply.Letter, out var known) && known == reply,
                _ => true,
            };
            if (!isThere)
            {
                return $"call {wait.Call.Value} waits where nobody looks";
            }

            if (wait.DueAt != 0 && wait.DueAt + TimeSpan.TicksPerSecond < now)
            {
                return $"call {wait.Call.Value} waits longer than it asked for";
            }
        }

        return null;
    }
}
