using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Events;

/// <summary>
/// What happens to mailboxes. All but <see cref="MailDue"/> are durable, and of durable mailboxes alone.
/// </summary>
public abstract record MailEvent : KernelEvent
{
    private protected MailEvent()
    {
    }

    public override bool IsDurable => true;
}

/// <summary>A durable mailbox is there, with a topic if one is given. Changes nothing of one that is there.</summary>
public sealed record MailboxRegistered(CallId Call, MailboxPlan Plan, string? Topic) : MailEvent;

/// <summary>A durable mailbox is gone, or only a topic of it.</summary>
public sealed record MailboxUnregistered(CallId Call, string Mailbox, string? Topic) : MailEvent;

/// <summary>A message is in durable mailboxes: of a SEND in one, of a BROADCAST in several.</summary>
public sealed record MailAccepted(CallId Call, Mail Mail, IReadOnlyList<string> Mailboxes) : MailEvent;

/// <summary>Receivers have done what messages asked: they are gone.</summary>
public sealed record MailAcknowledged(CallId Call, IReadOnlyList<AcknowledgedMail> Mails) : MailEvent;

/// <summary>Messages of one mailbox.</summary>
public sealed record AcknowledgedMail(string Mailbox, IReadOnlyList<long> Ids);

/// <summary>Messages of a mailbox are dead letters.</summary>
public sealed record MailDropped(string Mailbox, IReadOnlyList<long> Ids, string Reason) : MailEvent;

/// <summary>The time of something in messaging has come.</summary>
public sealed record MailDue : MailEvent
{
    public override bool IsDurable => false;
}
