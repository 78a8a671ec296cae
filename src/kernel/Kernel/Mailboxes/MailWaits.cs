using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

/// <summary>A call that waits in messaging. Volatile.</summary>
internal abstract class MailWait(CallId call, Caller caller) : IDue
{
    public CallId Call { get; } = call;

    public Caller Caller { get; } = caller;

    /// <summary>When it has waited long enough; 0 for never, and when it is over.</summary>
    public long DueAt { get; set; }
}

/// <summary>A RECV that waits for a message.</summary>
internal sealed class ReceiveWait(
    CallId call, Caller caller, Mailbox box, LetterFilter filter, int most, long? visibilityMs)
    : MailWait(call, caller)
{
    public Mailbox Box { get; } = box;

    public LetterFilter Filter { get; } = filter;

    /// <summary>How many messages it takes at most.</summary>
    public int Most { get; } = most;

    public long? VisibilityMs { get; } = visibilityMs;

    public LinkedListNode<ReceiveWait>? Node { get; set; }
}

/// <summary>A SEND that waits for room.</summary>
internal sealed class SendWait(CallId call, Caller caller, Mailbox box, Mail mail, long? replyTimeoutMs)
    : MailWait(call, caller)
{
    public Mailbox Box { get; } = box;

    public Mail Mail { get; } = mail;

    public long? ReplyTimeoutMs { get; } = replyTimeoutMs;

    public LinkedListNode<SendWait>? Node { get; set; }
}

/// <summary>A SEND whose message was taken in, and that waits for the reply.</summary>
internal sealed class ReplyWait(CallId call, Caller caller, long letter, Mailbox box) : MailWait(call, caller)
{
    public long Letter { get; } = letter;

    public Mailbox Box { get; } = box;

    /// <summary>The message, which is for nobody when this wait is over; null when it cannot come again.</summary>
    public required Letter? Asked { get; set; }

    /// <summary>The reply may have a handle.</summary>
    public bool TakesHandles { get; init; }

    /// <summary>Who was given the message, and may reply.</summary>
    public Caller? Replier { get; set; }
}

/// <summary>A change that waits for its event to be in the journal.</summary>
internal sealed class CommitWait(CallId call, Caller caller) : MailWait(call, caller)
{
    /// <summary>Nobody waits for the answer any more; the change comes about all the same.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Room that is kept for it.</summary>
    public List<(Mailbox Box, Mail Mail)> Reserved { get; } = [];

    public long? ReplyTimeoutMs { get; init; }

    /// <summary>Of a broadcast: where it is already.</summary>
    public int Delivered { get; init; }

    public int Skipped { get; init; }

    public bool IsBroadcast { get; init; }

    /// <summary>Of an ACK: receipts that do not hold.</summary>
    public IReadOnlyList<long> Stale { get; init; } = [];

    public int Count { get; init; }
}
