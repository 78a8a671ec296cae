using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

/// <summary>
/// What was sent, stamped by the kernel. In the journal for durable mailboxes: fields are only added.
/// </summary>
public sealed record Mail(ProcessId From, MailBody? Body)
{
    /// <summary>
    /// Of several messages on their way into one mailbox that differ in nothing else: what each says. In a mailbox each
    /// is one of its own.
    /// </summary>
    public IReadOnlyList<MailBody>? Bodies { get; init; }

    public string? FromName { get; init; }

    public string? To { get; init; }

    public string? Encoding { get; init; }

    public string? Topic { get; init; }

    public string? Correlation { get; init; }

    public MailPriority? Priority { get; init; }

    public long SentAt { get; init; }

    /// <summary>In ticks; 0 for never.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>The sender's own id for it.</summary>
    public string? Key { get; init; }

    /// <summary>Sealed memory that goes with it. Volatile, as the mailboxes that take such.</summary>
    [JsonIgnore]
    public MailHandle? Handle { get; init; }

    /// <summary>Of a request: the reply may have a handle. Volatile.</summary>
    [JsonIgnore]
    public bool TakesHandles { get; init; }

    [JsonIgnore]
    public long HandleBytes => Handle?.Bytes ?? 0;

    /// <summary>How many messages these are.</summary>
    [JsonIgnore]
    public int Count => Bodies?.Count ?? 1;

    /// <summary>What it counts for in bounds: of several, what they do together.</summary>
    [JsonIgnore]
    public int Weight => Bodies is null
        ? Labels + (Body?.Length ?? 0)
        : (Labels * Bodies.Count) + Bodies.Sum(static body => body.Length);

    private int Labels => Limits.MailOverheadBytes + (Topic?.Length ?? 0) + (Correlation?.Length ?? 0)
        + (Key?.Length ?? 0);

    /// <summary>One of several, by its place; itself when it is one.</summary>
    public Mail One(int at) => Bodies is null ? this : this with { Bodies = null, Body = Bodies[at] };
}

/// <summary>A message with the number that it has; as checkpoints keep it.</summary>
public sealed record NumberedMail(long Id, Mail Mail);

/// <summary>A message in a mailbox: waiting, or lent to a receiver.</summary>
internal sealed class Letter(long id, Mail mail) : IDue
{
    public long Id { get; } = id;

    public Mail Mail { get; } = mail;

    public MailPriority Priority => Mail.Priority ?? MailPriority.Normal;

    public Mailbox? Box { get; set; }

    /// <summary>When something is to be done about it: it expires, or comes back. 0 for never.</summary>
    public long DueAt { get; set; }

    public Letter? Next { get; set; }

    public Letter? Previous { get; set; }

    public bool IsQueued { get; set; }

    /// <summary>How often it was given out.</summary>
    public int Deliveries { get; set; }

    /// <summary>0 while it is not lent.</summary>
    public long Receipt { get; set; }

    public Caller Holder { get; set; }

    /// <summary>Its end is on the way to the journal.</summary>
    public bool IsLeaving { get; set; }

    public bool HasExpired(long now) => Mail.ExpiresAt != 0 && Mail.ExpiresAt <= now;

    public MailMessage View(long now, bool wantsReply) => new(Id, Mail.From, Mail.Body)
    {
        FromName = Mail.FromName,
        To = Mail.To,
        Encoding = Mail.Encoding,
        Topic = Mail.Topic,
        Correlation = Mail.Correlation,
        Priority = Mail.Priority is MailPriority.Normal ? null : Mail.Priority,
        AgeMs = Math.Max(0, (now - Mail.SentAt) / TimeSpan.TicksPerMillisecond),
        WantsReply = wantsReply ? true : null,
        Receipt = Receipt == 0 ? null : Receipt,
        Delivery = Receipt == 0 ? null : Deliveries,
        HandleBytes = Mail.Handle?.Bytes,
        Handle = Mail.Handle,
    };
}
