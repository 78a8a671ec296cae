using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Mailboxes;

/// <summary>What a mailbox of its own is. Durable where the mailbox is.</summary>
public sealed record MailboxPlan(string Name)
{
    public bool IsDurable { get; init; }

    /// <summary>Who receives, by the name and parent of the process; null for clients on the host alone.</summary>
    public string? Receiver { get; init; }

    public ProcessId ReceiverParent { get; init; }

    public int MaxMessages { get; init; } = Limits.MailboxMessagesDefault;

    public long MaxBytes { get; init; } = Limits.MailboxBytesDefault;

    public long VisibilityMs { get; init; } = Limits.MailVisibilityMsDefault;

    public int MaxDeliveries { get; init; } = Limits.MailDeliveriesDefault;
}

/// <summary>
/// Messages for one receiver. An inbox belongs to a process and goes with it; a mailbox of its own has a name.
/// </summary>
public sealed class Mailbox(MailboxPlan plan, ProcessId process)
{
    private readonly Dictionary<string, long> _keys = new(StringComparer.Ordinal);
    private readonly Queue<string> _keyOrder = new();
    private long _takenAt;
    private long _takeInterval;
    private int _hadCount;
    private long _hadBytes;

    public MailboxPlan Plan { get; private set; } = plan;

    /// <summary>Whose inbox it is; none for a mailbox of its own, and for an inbox that rests.</summary>
    public ProcessId Process { get; internal set; } = process;

    /// <summary>An inbox of an agent that has no process at the moment: see RestingInbox.</summary>
    public bool IsResting { get; internal set; }

    public bool IsInbox => Process != ProcessId.None;

    public bool IsDurable => Plan.IsDurable;

    /// <summary>It has gone, though somebody may still hold it.</summary>
    public bool IsClosed { get; internal set; }

    /// <summary>All messages in it: waiting and lent.</summary>
    public int Count { get; internal set; }

    public long Bytes { get; internal set; }

    /// <summary>On their way to the journal, and sure of their room.</summary>
    public int ReservedCount { get; internal set; }

    public long ReservedBytes { get; internal set; }

    /// <summary>Names beside its own that lead here.</summary>
    public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

    public SortedSet<string> Topics { get; } = new(StringComparer.Ordinal);

    internal LetterQueue Queue { get; } = new();

    /// <summary>Those of a durable one, waiting and lent.</summary>
    internal SortedDictionary<long, Letter> Kept { get; } = [];

    internal LinkedList<ReceiveWait> Receivers { get; } = new();

    internal LinkedList<SendWait> Senders { get; } = new();

    public int Lent { get; internal set; }

    /// <summary>Messages that a receiver would be given now: neither lent nor held back.</summary>
    public int Waiting => Queue.Count;

    /// <summary>The process that was given a message of it last, by this kernel.</summary>
    internal ProcessId LastTaker { get; set; }

    /// <summary>The senders' ids that are remembered, the oldest first, with the messages they became.</summary>
    internal IEnumerable<(string Key, long Id)> Keys => _keyOrder.Select(key => (key, _keys[key]));

    /// <summary>Those who watch know that it is full; until it is half empty again.</summary>
    internal bool IsFullTold { get; set; }

    /// <summary>Messages in it that have a handle, and what those hold.</summary>
    public int HandleCount { get; internal set; }

    public long HandleBytes { get; internal set; }

    /// <summary>What it may hold: more than its plan says only while it has what it had under another.</summary>
    internal (int Count, long Bytes) Most =>
        (Math.Max(Plan.MaxMessages, _hadCount), Math.Max(Plan.MaxBytes, _hadBytes));

    /// <summary>Another plan; what is in it stays.</summary>
    internal void Redeclare(MailboxPlan plan)
    {
        Plan = plan;
        (_hadCount, _hadBytes) = (Count + ReservedCount, Bytes + ReservedBytes);
    }

    internal bool HasRoom(Mail mail) => Count + ReservedCount + mail.Count <= Plan.MaxMessages
        && Bytes + ReservedBytes + mail.Weight <= Plan.MaxBytes
        && (mail.Handle is not { } handle || (HandleCount < Limits.MailboxHandlesMax
            && HandleBytes + handle.Bytes <= Limits.MailboxHandleBytesMax));

    /// <summary>A message is in it from now on, or not any more: +1 or -1.</summary>
    internal void Hold(Mail mail, int sign)
    {
        Count += sign;
        Bytes += sign * mail.Weight;
        if (mail.Handle is { } handle)
        {
            HandleCount += sign;
            HandleBytes += sign * handle.Bytes;
        }
    }

    internal bool Knows(string? key, out long id)
    {
        id = 0;
        return key is not null && _keys.TryGetValue(key, out id);
    }

    internal void Remember(string? key, long id)
    {
        if (key is null || !_keys.TryAdd(key, id))
        {
            return;
        }

        _keyOrder.Enqueue(key);
        if (_keyOrder.Count > Limits.MailKeysMax)
        {
            _keys.Remove(_keyOrder.Dequeue());
        }
    }

    /// <summary>For who asks when there will be room.</summary>
    internal void Taken(long now)
    {
        if (_takenAt != 0)
        {
            var took = Math.Max(0, now - _takenAt);
            _takeInterval = _takeInterval == 0 ? took : ((_takeInterval * 7) + took) / 8;
        }

        _takenAt = now;
    }

    /// <summary>Milliseconds in which a message was taken lately; null when nothing is known.</summary>
    internal long? TakeMs => _takeInterval == 0
        ? null : Math.Clamp(_takeInterval / TimeSpan.TicksPerMillisecond, 1, Limits.MailRetryMsMax);

    public MailboxView View(string name) => new(name)
    {
        Process = IsInbox ? Process : null,
        Names = Names.Count > 0 ? [.. Names] : null,
        Topics = Topics.Count > 0 ? [.. Topics] : null,
        Durable = IsDurable ? true : null,
        Receiver = Plan.Receiver,
        Messages = Count,
        Bytes = Bytes,
        MaxMessages = Plan.MaxMessages,
        MaxBytes = Plan.MaxBytes,
        HandleBytes = HandleCount > 0 ? HandleBytes : null,
        Lent = Lent > 0 ? Lent : null,
        Receivers = Receivers.Count > 0 ? Receivers.Count : null,
        Senders = Senders.Count > 0 ? Senders.Count : null,
    };
}
