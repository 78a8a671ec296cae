using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Mailboxes;

/// <summary>A message that nobody will be given. In checkpoints for durable mailboxes.</summary>
public sealed record DeadLetter(long Id, string Mailbox, string Reason, Mail Mail, long DiedAt)
{
    /// <summary>Bytes that the body had; a large one is not kept.</summary>
    public int Bytes { get; init; }

    /// <summary>Bytes of the handle that it had.</summary>
    public long? HandleBytes { get; init; }

    public static DeadLetter Of(long id, string mailbox, string reason, Mail mail, long now) => new(
        id, mailbox, reason, mail.Body?.Length > Limits.DeadLetterBodyBytesMax ? mail with { Body = null } : mail, now)
    {
        Bytes = mail.Body?.Length ?? 0,
        HandleBytes = mail.Handle?.Bytes,
    };

    public DeadLetterView View() => new(Id, Mailbox, Reason)
    {
        From = Mail.From,
        FromName = Mail.FromName,
        Topic = Mail.Topic,
        Correlation = Mail.Correlation,
        SentAt = new DateTimeOffset(Mail.SentAt, TimeSpan.Zero),
        DiedAt = new DateTimeOffset(DiedAt, TimeSpan.Zero),
        Bytes = Bytes,
        Encoding = Mail.Encoding,
        HandleBytes = HandleBytes,
        Body = Mail.Body,
    };
}

/// <summary>The latest dead letters, so many and no more.</summary>
internal sealed class DeadLetterBox
{
    private readonly Queue<DeadLetter> _letters = new();

    public IReadOnlyCollection<DeadLetter> All => _letters;

    /// <summary>How many went because others came, since the kernel started. Volatile.</summary>
    public long Forgotten { get; private set; }

    public void Add(DeadLetter letter)
    {
        _letters.Enqueue(letter);
        if (_letters.Count > Limits.DeadLettersMax)
        {
            _letters.Dequeue();
            Forgotten++;
        }
    }

    public void Clear()
    {
        _letters.Clear();
        Forgotten = 0;
    }

    public void Rebooted() => Forgotten = 0;
}

/// <summary>Why a message died, as the ABI words it.</summary>
internal static class DeathReasons
{
    public const string Expired = "expired";
    public const string ReceiverEnded = "receiver_ended";
    public const string Unregistered = "unregistered";
    public const string GivenOutTooOften = "given_out_too_often";
}
