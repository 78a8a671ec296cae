using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>The message is in its mailbox.</summary>
/// <param name="Id">The kernel's number for it.</param>
/// <param name="To">Whose inbox it is in; 0 for a mailbox that is no process's inbox.</param>
public sealed record SendReply(long Id, ProcessId To) : Reply
{
    /// <summary>A message with the same key was taken in before, as this id: nothing was added.</summary>
    public bool? Duplicate { get; init; }

    /// <summary>Of several messages: how many. Their ids follow one another, and the first is the answer's.</summary>
    public int? Count { get; init; }

    /// <summary>The reply, to a request.</summary>
    public MailMessage? Reply { get; init; }
}

/// <summary>What RECV took.</summary>
/// <param name="Messages">In the order in which they are to be read; none when the time has passed.</param>
/// <param name="Left">How many still lie in the mailbox, not given to anybody.</param>
public sealed record RecvReply(IReadOnlyList<MailMessage> Messages, int Left) : Reply
{
    /// <summary>
    /// True when the caller is to finish what it has in hand and end: no messages are given to it any more, but those
    /// that it chooses by <see cref="Recv.Correlation"/>. Absent otherwise.
    /// </summary>
    public bool? Draining { get; init; }
}

/// <summary>One message, as its receiver sees it.</summary>
/// <param name="Id">Given by the kernel; the same when a message of a durable mailbox comes again.</param>
/// <param name="From">Who sent it, as the kernel knows; 0 for a client on the host.</param>
/// <param name="Body">What it says.</param>
public sealed record MailMessage(long Id, ProcessId From, MailBody? Body)
{
    /// <summary>The name that the sender had; absent for a client on the host.</summary>
    public string? FromName { get; init; }

    /// <summary>The name that it was sent to, unless it was sent to an id.</summary>
    public string? To { get; init; }

    /// <summary>As sent.</summary>
    public string? Encoding { get; init; }

    /// <summary>As sent.</summary>
    public string? Topic { get; init; }

    /// <summary>As sent.</summary>
    public string? Correlation { get; init; }

    /// <summary>As sent, unless normal.</summary>
    public MailPriority? Priority { get; init; }

    /// <summary>Milliseconds since it was taken in.</summary>
    public long AgeMs { get; init; }

    /// <summary>Somebody waits for a reply: SEND it with <see cref="Send.InReplyTo"/>.</summary>
    public bool? WantsReply { get; init; }

    /// <summary>
    /// Of a durable mailbox: what ACK and NACK take. Another each time that the message is given out.
    /// </summary>
    public long? Receipt { get; init; }

    /// <summary>
    /// Of a durable mailbox: how often it has been given out by this kernel start, this time included.
    /// </summary>
    public int? Delivery { get; init; }

    /// <summary>
    /// Bytes of the sealed memory that came with it. Its descriptor comes with the answer's last frame: one for each
    /// message that has this field, in their order.
    /// </summary>
    public long? HandleBytes { get; init; }

    /// <summary>The same as the kernel knows it. Never in a payload.</summary>
    [JsonIgnore]
    public MailHandle? Handle { get; init; }
}

/// <summary>A broadcast is in its mailboxes.</summary>
/// <param name="Delivered">In how many.</param>
/// <param name="Skipped">How many were full, or the caller may not send to.</param>
public sealed record BroadcastReply(int Delivered, int Skipped) : Reply;

/// <summary>A mailbox, as MAILBOXES and REGISTER show it.</summary>
/// <param name="Name">Its own name; of an inbox the name of its process.</param>
public sealed record MailboxView(string Name) : Reply
{
    /// <summary>Whose inbox it is.</summary>
    public ProcessId? Process { get; init; }

    /// <summary>The names that lead to an inbox, beside the process's own.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>Broadcasts about these come here.</summary>
    public IReadOnlyList<string>? Topics { get; init; }

    /// <summary>Survives the kernel.</summary>
    public bool? Durable { get; init; }

    /// <summary>The name of the process that receives from it, where it is no inbox.</summary>
    public string? Receiver { get; init; }

    /// <summary>All that lie in it, lent ones too.</summary>
    public int Messages { get; init; }

    /// <summary>What they weigh: bodies, labels, and 128 bytes each.</summary>
    public long Bytes { get; init; }

    /// <summary>The most that it takes.</summary>
    public int MaxMessages { get; init; }

    /// <summary>The most that it takes.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Bytes of the sealed memory that messages in it have, beside <see cref="Bytes"/>.</summary>
    public long? HandleBytes { get; init; }

    /// <summary>Given out and not acknowledged yet.</summary>
    public int? Lent { get; init; }

    /// <summary>RECVs that wait.</summary>
    public int? Receivers { get; init; }

    /// <summary>SENDs that wait for room.</summary>
    public int? Senders { get; init; }
}

/// <summary>What is no more.</summary>
/// <param name="Dropped">Messages that became dead letters.</param>
public sealed record UnregisterReply(int Dropped) : Reply;

/// <summary>What is done, or given back.</summary>
/// <param name="Count">So many of the receipts held.</param>
public sealed record AckReply(int Count) : Reply
{
    /// <summary>
    /// Those that hold no more: too late, given back, acknowledged before, or of an earlier kernel start. Their
    /// messages
    /// come again, unless they are done.
    /// </summary>
    public IReadOnlyList<long>? Stale { get; init; }
}

/// <summary>The mailboxes, by name.</summary>
/// <param name="List">Those that the caller receives from.</param>
public sealed record MailboxesReply(IReadOnlyList<MailboxView> List) : Reply;

/// <summary>Dead letters, the latest first.</summary>
/// <param name="List">Those that are still kept.</param>
/// <param name="Forgotten">How many were dropped, since the kernel started, to keep no more than it may.</param>
public sealed record DeadLettersReply(IReadOnlyList<DeadLetterView> List, long Forgotten) : Reply;

/// <summary>A message that nobody will be given.</summary>
/// <param name="Id">As SEND answered.</param>
/// <param name="Mailbox">Where it lay.</param>
/// <param name="Reason">
/// <c>expired</c>, <c>receiver_ended</c>, <c>unregistered</c>, or <c>given_out_too_often</c>.
/// </param>
public sealed record DeadLetterView(long Id, string Mailbox, string Reason)
{
    /// <summary>Who sent it; 0 for a client on the host.</summary>
    public ProcessId From { get; init; }

    /// <summary>The name that the sender had.</summary>
    public string? FromName { get; init; }

    /// <summary>As sent.</summary>
    public string? Topic { get; init; }

    /// <summary>As sent.</summary>
    public string? Correlation { get; init; }

    /// <summary>When it was taken in.</summary>
    public DateTimeOffset SentAt { get; init; }

    /// <summary>When it died.</summary>
    public DateTimeOffset DiedAt { get; init; }

    /// <summary>Bytes of its body.</summary>
    public long Bytes { get; init; }

    /// <summary>As sent.</summary>
    public string? Encoding { get; init; }

    /// <summary>Bytes of the sealed memory that it had; it is gone.</summary>
    public long? HandleBytes { get; init; }

    /// <summary>What it says; absent when it is large.</summary>
    public MailBody? Body { get; init; }
}
