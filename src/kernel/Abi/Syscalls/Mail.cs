using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>Which messages are taken first. Those of one sender and one priority keep their order.</summary>
[JsonConverter(typeof(EnumNames<MailPriority>))]
public enum MailPriority
{
    /// <summary>After all others.</summary>
    [JsonStringEnumMemberName("low")]
    Low,
    /// <summary>Where nothing is said.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,
    /// <summary>Before all others.</summary>
    [JsonStringEnumMemberName("high")]
    High,
}

/// <summary>
/// Sends a message to a mailbox: by the name that it was registered under, by the name of a living process, or by the
/// id
/// of one. Answers when the message is in the mailbox; of a durable one, when it is on disk. The kernel stamps who sent
/// it. With <see cref="ReplyTimeoutMs"/> it is a request: the answer comes with the reply.
/// </summary>
public sealed record Send : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Send;

    /// <summary>A registered name, else the name of a living process.</summary>
    public string? To { get; init; }

    /// <summary>The process whose inbox it is.</summary>
    public ProcessId? ToId { get; init; }

    /// <summary>
    /// The id of a message that wants a reply and was given to the caller: this goes to who asked, and to nobody else.
    /// </summary>
    public long? InReplyTo { get; init; }

    /// <summary>Any JSON value, of at most a frame's payload. Default: null.</summary>
    public MailBody? Body { get; init; }

    /// <summary>
    /// Instead of a body: several messages to one mailbox, 1 to 256, alike but for what they say. All of them are taken
    /// in, one after the other with nothing between, or none is.
    /// </summary>
    public IReadOnlyList<MailBody>? Bodies { get; init; }

    /// <summary>
    /// <c>base64</c> for a body that is bytes, as text: a label for the receiver, which the kernel does not look at.
    /// </summary>
    public string? Encoding { get; init; }

    /// <summary>What it is about, for receivers that choose. At most 128 characters.</summary>
    public string? Topic { get; init; }

    /// <summary>Binds messages together that belong to one exchange. At most 128 characters.</summary>
    public string? Correlation { get; init; }

    /// <summary>Default: normal.</summary>
    public MailPriority? Priority { get; init; }

    /// <summary>
    /// Milliseconds after which nobody is given the message any more: it is a dead letter then. Default: never.
    /// </summary>
    public long? TtlMs { get; init; }

    /// <summary>
    /// Milliseconds to wait for room in a mailbox that is full. Default: 0, which is <c>try_again</c> at once.
    /// </summary>
    public long? TimeoutMs { get; init; }

    /// <summary>
    /// Milliseconds to wait for a reply after the message was taken in. The answer then has it. Default: no reply is
    /// wanted.
    /// </summary>
    public long? ReplyTimeoutMs { get; init; }

    /// <summary>
    /// To a durable mailbox: the sender's own id for the message, of at most 128 characters. The same again, while the
    /// mailbox remembers it, is answered as a duplicate and changes nothing.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>The reply may come with a handle: the caller receives descriptors. Default: no.</summary>
    public bool? Handles { get; init; }

    /// <summary>The sealed memory that goes with the message, as the kernel knows it. Never in a payload.</summary>
    [JsonIgnore]
    public MailHandle? Handle { get; init; }

    /// <summary>
    /// The caller is told of a refusal only: the flag of its frame. Not with a reply to wait for, nor to a durable
    /// mailbox, whose sender is to know that the message is on disk. Set by whoever reads the frame, before all others.
    /// </summary>
    [JsonIgnore]
    public bool IsQuiet { get; set; }
}

/// <summary>Sealed memory that goes with a message: its number among those of this kernel, and its size.</summary>
/// <param name="Number">Given by the daemon, which keeps the descriptor.</param>
/// <param name="Bytes">How much it holds; it cannot change.</param>
public readonly record struct MailHandle(long Number, long Bytes);

/// <summary>A reply that leaves with a RECV: one call, and one answer, for a server's whole turn.</summary>
public sealed record MailReply
{
    /// <summary>As in <see cref="Send.InReplyTo"/>.</summary>
    public long InReplyTo { get; init; }

    /// <summary>As in <see cref="Send.Body"/>.</summary>
    public MailBody? Body { get; init; }

    /// <summary>As in <see cref="Send.Encoding"/>.</summary>
    public string? Encoding { get; init; }

    /// <summary>As in <see cref="Send.Topic"/>.</summary>
    public string? Topic { get; init; }

    /// <summary>As in <see cref="Send.Correlation"/>.</summary>
    public string? Correlation { get; init; }
}

/// <summary>
/// Takes messages out of a mailbox, waiting for the first. Of a durable mailbox they are only lent: acknowledge them,
/// or
/// they come again.
/// </summary>
public sealed record Recv : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Recv;

    /// <summary>A registered name. Default: the caller's own inbox.</summary>
    public string? Mailbox { get; init; }

    /// <summary>At most so many messages, 1 to 256. Default: 1.</summary>
    public int? Max { get; init; }

    /// <summary>
    /// Milliseconds to wait for the first; then the answer has none. 0 does not wait. Default: no limit.
    /// </summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Only those about this.</summary>
    public string? Topic { get; init; }

    /// <summary>Only those of this exchange.</summary>
    public string? Correlation { get; init; }

    /// <summary>Only those of the process of that id; 0 for clients on the host.</summary>
    public ProcessId? From { get; init; }

    /// <summary>
    /// Of a durable mailbox: milliseconds to acknowledge them in, 100 to 43,200,000. Default: the mailbox's.
    /// </summary>
    public long? VisibilityMs { get; init; }

    /// <summary>
    /// Messages with handles too: the caller receives descriptors. Default: no, and they are left where they are.
    /// </summary>
    public bool? Handles { get; init; }

    /// <summary>
    /// Replies first, to a message that was given to the caller and says that it wants a reply. Where nobody waits for
    /// it any more, the RECV is refused and takes nothing.
    /// </summary>
    public MailReply? Reply { get; init; }
}

/// <summary>
/// Sends a message to every mailbox that has registered its topic; without a topic, to every registered mailbox. Those
/// that are full, or that the caller may not send to, are left out and counted.
/// </summary>
public sealed record Broadcast : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Broadcast;

    /// <summary>As in <see cref="Send.Body"/>.</summary>
    public MailBody? Body { get; init; }

    /// <summary>As in <see cref="Send.Encoding"/>.</summary>
    public string? Encoding { get; init; }

    /// <summary>Whose mailboxes. Default: all that are registered.</summary>
    public string? Topic { get; init; }

    /// <summary>As in <see cref="Send.Correlation"/>.</summary>
    public string? Correlation { get; init; }

    /// <summary>Default: normal.</summary>
    public MailPriority? Priority { get; init; }

    /// <summary>As in <see cref="Send.TtlMs"/>.</summary>
    public long? TtlMs { get; init; }

    /// <summary>Whether the caller's own mailboxes get it too. Default: no.</summary>
    public bool? IncludeSelf { get; init; }
}

/// <summary>
/// Gives a mailbox a name, or a topic to hear of. An agent's name leads to its inbox, until the agent ends. A durable
/// mailbox, and one of a client on the host, is a mailbox of its own: receive from it by name. A durable one survives
/// its
/// receivers and the kernel: a process of the same name and parent as the one that registered it receives from it.
/// </summary>
public sealed record Register : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Register;

    /// <summary>Letters, digits, and . _ - inside, at most 64; nobody else's.</summary>
    public string? Name { get; init; }

    /// <summary>A topic whose broadcasts come to the mailbox. At most 128 characters.</summary>
    public string? Topic { get; init; }

    /// <summary>Messages are on disk before SEND answers, and stay until they are acknowledged. Default: no.</summary>
    public bool? Durable { get; init; }

    /// <summary>
    /// By a client on the host: the name of the process, spawned from the host, that receives from it. Default: clients
    /// on the host alone.
    /// </summary>
    public string? Receiver { get; init; }

    /// <summary>1 to 100,000. Default: 1,000. Of a mailbox of its own.</summary>
    public int? MaxMessages { get; init; }

    /// <summary>1,024 to 67,108,864. Default: 8,388,608. Of a mailbox of its own.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Of a durable one: milliseconds to acknowledge a message in. Default: 30,000.</summary>
    public long? VisibilityMs { get; init; }

    /// <summary>Of a durable one: a message given out so often is a dead letter. 1 to 1,000. Default: 10.</summary>
    public int? MaxDeliveries { get; init; }
}

/// <summary>
/// Takes back a name or a topic. A mailbox of its own goes with its name, and what lies in it becomes dead letters.
/// </summary>
public sealed record Unregister : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Unregister;

    /// <summary>The name; with a topic, the mailbox whose topic it is.</summary>
    public string? Name { get; init; }

    /// <summary>Only the topic goes, of the mailbox of that name or else the caller's inbox.</summary>
    public string? Topic { get; init; }
}

/// <summary>
/// Acknowledges messages of durable mailboxes: they are done, and gone from the disk when this is answered.
/// </summary>
public sealed record Ack : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Ack;

    /// <summary>As RECV gave them with the messages; at most 1,000.</summary>
    public IReadOnlyList<long> Receipts { get; init => field = value ?? []; } = [];
}

/// <summary>Gives messages of durable mailboxes back: they come again, at once or later.</summary>
public sealed record Nack : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Nack;

    /// <summary>As RECV gave them with the messages; at most 1,000.</summary>
    public IReadOnlyList<long> Receipts { get; init => field = value ?? []; } = [];

    /// <summary>Milliseconds before they come again, at most 43,200,000. Default: 0.</summary>
    public long? DelayMs { get; init; }
}

/// <summary>Lists the mailboxes that the caller receives from; for a client on the host, all of them.</summary>
public sealed record Mailboxes : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Mailboxes;
}

/// <summary>
/// Lists messages that nobody will be given, the latest first: for clients on the host, of every mailbox; for an agent,
/// those it sent, and those of mailboxes that it receives from.
/// </summary>
public sealed record DeadLetters : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.DeadLetters;

    /// <summary>Only those of the mailbox of this name.</summary>
    public string? Mailbox { get; init; }

    /// <summary>At most so many, 1 to 1,000. Default: 100.</summary>
    public int? Max { get; init; }
}
