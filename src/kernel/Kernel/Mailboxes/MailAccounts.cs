using Analemma.Abi;

namespace Analemma.Kernel.Mailboxes;

/// <summary>What lies in all mailboxes together, and how much of it each agent has sent. Volatile.</summary>
internal sealed class MailAccounts
{
    private static readonly Share None = new();

    private readonly Dictionary<ProcessId, Share> _bySender = [];
    private Share _all = new();

    public int Count => _all.Count;

    public long Bytes => _all.Bytes;

    /// <summary>Messages with handles, and what those hold: each is a descriptor of the daemon.</summary>
    public int HandleCount => _all.Handles;

    public long HandleBytes => _all.HandleBytes;

    /// <summary>Of all that, what durable mailboxes hold: it is in every checkpoint.</summary>
    public long DurableBytes { get; private set; }

    public SysError? NoRoom(Mail mail, bool durable)
    {
        if (Count + mail.Count > Limits.MailMessagesMax || Bytes + mail.Weight > Limits.MailBytesMax)
        {
            return Full("the mailboxes of this kernel are full");
        }

        if (durable && DurableBytes + mail.Weight > Limits.MailDurableBytesMax)
        {
            return Full("the durable mailboxes of this kernel are full");
        }

        var own = _bySender.GetValueOrDefault(mail.From) ?? None;
        var isAgent = mail.From != ProcessId.None;
        if (isAgent && (own.Count + mail.Count > Limits.MailMessagesPerSenderMax
            || own.Bytes + mail.Weight > Limits.MailBytesPerSenderMax))
        {
            return Full($"{own.Count} messages of {own.Bytes} bytes from this agent lie in mailboxes");
        }

        if (mail.Handle is not { } handle)
        {
            return null;
        }

        return HandleCount >= Limits.MailHandlesMax || HandleBytes + handle.Bytes > Limits.MailHandleBytesMax
            ? Full($"{HandleCount} handles of {HandleBytes} bytes lie in the mailboxes of this kernel")
            : isAgent && (own.Handles >= Limits.MailHandlesPerSenderMax
                || own.HandleBytes + handle.Bytes > Limits.MailHandleBytesPerSenderMax)
            ? Full($"{own.Handles} handles of {own.HandleBytes} bytes from this agent lie in mailboxes")
            : null;
    }

    public void Add(Mail mail, bool durable)
    {
        DurableBytes += durable ? mail.Weight : 0;
        if (!_bySender.TryGetValue(mail.From, out var own))
        {
            _bySender.Add(mail.From, own = new Share());
        }

        _all.Add(mail, 1);
        own.Add(mail, 1);
    }

    public void Remove(Mail mail, bool durable)
    {
        DurableBytes -= durable ? mail.Weight : 0;
        var own = _bySender[mail.From];
        _all.Add(mail, -1);
        own.Add(mail, -1);
        if (own.Count == 0)
        {
            _bySender.Remove(mail.From);
        }
    }

    public void Clear()
    {
        _all = new Share();
        DurableBytes = 0;
        _bySender.Clear();
    }

    private static SysError Full(string message) =>
        new(SysErrorCode.TryAgain, message, "receivers must take some first") { RetryAfterMs = 100 };

    private sealed class Share
    {
        public int Count { get; private set; }

        public long Bytes { get; private set; }

        public int Handles { get; private set; }

        public long HandleBytes { get; private set; }

        public void Add(Mail mail, int sign)
        {
            Count += sign * mail.Count;
            Bytes += sign * mail.Weight;
            if (mail.Handle is { } handle)
            {
                Handles += sign;
                HandleBytes += sign * handle.Bytes;
            }
        }
    }
}
