using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Mailboxes;

// ALL MAILBOXES
//
//   durable    the mailboxes with IsDurable, what they keep, the senders' ids that they remember, their topics, their
//              dead letters, the number of the next message: a fold of mail.* events
//   volatile   all else: inboxes, names of inboxes, mailboxes of the host, who waits, what is lent to whom, and the
//              order in which lent messages come back
//
// A name leads to a mailbox of its own, else to the inbox of the living process of that name, else to that of an agent
// that rests, else to an inbox that has been given the name: so nobody can take what is sent to a process by taking its
// name first.
public sealed class MailRoom
{
    /// <summary>Messages that are not durable have numbers of their kernel start, above those that are.</summary>
    private const int BootShift = 36;

    private readonly SortedDictionary<string, Mailbox> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Mailbox> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<ProcessId, Mailbox> _inboxes = [];
    private readonly Dictionary<string, List<Mailbox>> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<string> _opening = new(StringComparer.Ordinal);
    private long _lastVolatile;
    private long _lastReceipt;

    /// <summary>The number that the next message of a durable mailbox gets.</summary>
    public long NextId { get; internal set; } = 1;

    /// <summary>Mailboxes of their own, by name.</summary>
    public IReadOnlyCollection<Mailbox> Own => _own.Values;

    public IReadOnlyCollection<Mailbox> Inboxes => _inboxes.Values;

    /// <summary>Inboxes of agents that have no process at the moment, by name.</summary>
    public SortedDictionary<string, Mailbox> Resting { get; } = new(StringComparer.Ordinal);

    /// <summary>Who waits for a reply, and whose inbox or mailbox the question is in.</summary>
    public IEnumerable<(ProcessId From, Mailbox On)> AwaitedReplies =>
        Replies.Values.Select(wait => (wait.Caller.Process, wait.Box));

    /// <summary>The messages of durable mailboxes, and those of them that are dead letters.</summary>
    public IEnumerable<long> DurableIds => _own.Values.SelectMany(box => box.Kept.Keys)
        .Concat(DurableDead.All.Select(letter => letter.Id));

    /// <summary>The handles of messages that lie in mailboxes or wait for room.</summary>
    public IEnumerable<long> HandleNumbers => _own.Values.Concat(_inboxes.Values).Concat(Resting.Values)
        .SelectMany(box => box.Queue.All().Select(letter => letter.Mail)
            .Concat(box.Senders.Select(wait => wait.Mail)))
        .Select(mail => mail.Handle?.Number).OfType<long>();

    internal MailAccounts Accounts { get; } = new();

    internal Deadlines Deadlines { get; } = new();

    internal DeadLetterBox Dead { get; } = new();

    internal DeadLetterBox DurableDead { get; } = new();

    /// <summary>Every call that waits.</summary>
    internal Dictionary<CallId, MailWait> Waits { get; } = [];

    /// <summary>Those that wait for a reply, by the message that they sent.</summary>
    internal Dictionary<long, ReplyWait> Replies { get; } = [];

    /// <summary>What is lent, by receipt.</summary>
    internal Dictionary<long, Letter> Lent { get; } = [];

    internal CallShares Receiving { get; } =
        new(Limits.MailReceiversMax, Limits.MailReceiversOfAgentsMax, Limits.MailReceiversPerAgentMax);

    internal CallShares Sending { get; } =
        new(Limits.MailSendersMax, Limits.MailSendersOfAgentsMax, Limits.MailSendersPerAgentMax);

    internal bool TryGetOwn(string name, [NotNullWhen(true)] out Mailbox? box) => _own.TryGetValue(name, out box);

    internal bool IsOpening(string name) => _opening.Contains(name);

    internal void Opening(string name) => _opening.Add(name);

    internal bool TryGetAlias(string name, [NotNullWhen(true)] out Mailbox? box) =>
        _names.TryGetValue(name, out box);

    internal bool TryGetInbox(ProcessId process, [NotNullWhen(true)] out Mailbox? box) =>
        _inboxes.TryGetValue(process, out box);

    /// <summary>The mailbox that a name leads to; an inbox is made when it is needed.</summary>
    internal Mailbox? Find(KernelState state, string name)
    {
        if (_own.TryGetValue(name, out var own))
        {
            return own;
        }

        return state.Processes.TryFind(name, out var process) && process.IsAlive ? InboxOf(state, process)
            : RestingInbox.Find(state, name) ?? _names.GetValueOrDefault(name);
    }

    internal Mailbox? Find(KernelState state, ProcessId process) =>
        state.Processes.TryGet(process, out var found) && found.IsAlive ? InboxOf(state, found) : null;

    internal Mailbox InboxOf(KernelState state, Process process)
    {
        if (!_inboxes.TryGetValue(process.Id, out var box))
        {
            box = new Mailbox(FleetInboxes.PlanOf(state, process), process.Id);
            _inboxes.Add(process.Id, box);
        }

        return box;
    }

    internal void AddInbox(Mailbox inbox) => _inboxes.Add(inbox.Process, inbox);

    internal void Add(Mailbox own)
    {
        _own.Add(own.Plan.Name, own);
        _opening.Remove(own.Plan.Name);
    }

    internal void AddName(Mailbox inbox, string name)
    {
        _names[name] = inbox;
        inbox.Names.Add(name);
    }

    internal void RemoveName(Mailbox inbox, string name)
    {
        inbox.Names.Remove(name);
        _names.Remove(name);
    }

    internal void AddTopic(Mailbox box, string topic)
    {
        if (!box.Topics.Add(topic))
        {
            return;
        }

        if (!_topics.TryGetValue(topic, out var boxes))
        {
            _topics.Add(topic, boxes = []);
        }

        boxes.Add(box);
    }

    internal void RemoveTopic(Mailbox box, string topic)
    {
        if (box.Topics.Remove(topic) && _topics.TryGetValue(topic, out var boxes))
        {
            boxes.Remove(box);
            if (boxes.Count == 0)
            {
                _topics.Remove(topic);
            }
        }
    }

    /// <summary>Takes the mailbox out of every table.</summary>
    internal void Remove(Mailbox box)
    {
        box.IsClosed = true;
        foreach (var topic in box.Topics.ToArray())
        {
            RemoveTopic(box, topic);
        }

        foreach (var name in box.Names.ToArray())
        {
            RemoveName(box, name);
        }

        if (box.IsInbox)
        {
            _inboxes.Remove(box.Process);
        }
        else if (box.IsResting)
        {
            Resting.Remove(box.Plan.Name);
        }
        else
        {
            _own.Remove(box.Plan.Name);
        }
    }

    /// <summary>Whose are broadcast to: those of a topic, else all that somebody has registered.</summary>
    internal IReadOnlyList<Mailbox> Audience(string? topic) => topic is null
        ? [.. _own.Values, .. _inboxes.Values.Where(box => box.Names.Count > 0)]
        : _topics.TryGetValue(topic, out var boxes) ? [.. boxes] : [];

    internal long TakeVolatileId(long boot) => (boot << BootShift) + ++_lastVolatile;

    internal long TakeReceipt(long boot) => (boot << BootShift) + ++_lastReceipt;

    /// <summary>A kernel has started: nobody waits, and nothing is lent.</summary>
    internal void Reset()
    {
        var durable = _own.Values.Where(box => box.IsDurable).Select(MailboxBody.Of).ToArray();
        var dead = DurableDead.All.ToArray();
        var next = NextId;
        _own.Clear();
        _names.Clear();
        _inboxes.Clear();
        Resting.Clear();
        _topics.Clear();
        _opening.Clear();
        Waits.Clear();
        Replies.Clear();
        Lent.Clear();
        Accounts.Clear();
        Deadlines.Clear();
        Dead.Clear();
        DurableDead.Clear();
        Receiving.Clear();
        Sending.Clear();
        _lastVolatile = _lastReceipt = 0;
        Restore(new MailRoomBody { NextId = next, Mailboxes = durable, DeadLetters = dead });
    }

    internal MailRoomBody ToBody() => new()
    {
        NextId = NextId,
        Mailboxes = [.. _own.Values.Where(box => box.IsDurable).Select(MailboxBody.Of)],
        DeadLetters = [.. DurableDead.All],
    };

    internal void Restore(MailRoomBody body)
    {
        NextId = Math.Max(1, body.NextId);
        foreach (var each in body.Mailboxes)
        {
            Mailbox box = new(each.Plan, ProcessId.None);
            Add(box);
            foreach (var topic in each.Topics)
            {
                AddTopic(box, topic);
            }

            foreach (var key in each.Keys)
            {
                box.Remember(key.Key, key.Id);
            }

            foreach (var mail in each.Messages)
            {
                Delivery.Keep(this, box, new Letter(mail.Id, mail.Mail));
            }
        }

        foreach (var letter in body.DeadLetters)
        {
            DurableDead.Add(letter);
        }

        DurableDead.Rebooted();
    }
}

/// <summary>What is durable of messaging, as checkpoints keep it. Fields are only added.</summary>
internal sealed record MailRoomBody
{
    public long NextId { get; init; }

    public IReadOnlyList<MailboxBody> Mailboxes { get; init => field = value ?? []; } = [];

    public IReadOnlyList<DeadLetter> DeadLetters { get; init => field = value ?? []; } = [];
}

internal sealed record MailboxBody(MailboxPlan Plan)
{
    public IReadOnlyList<string> Topics { get; init => field = value ?? []; } = [];

    public IReadOnlyList<KnownKey> Keys { get; init => field = value ?? []; } = [];

    public IReadOnlyList<NumberedMail> Messages { get; init => field = value ?? []; } = [];

    public static MailboxBody Of(Mailbox box) => new(box.Plan)
    {
        Topics = [.. box.Topics],
        Keys = [.. box.Keys.Select(each => new KnownKey(each.Key, each.Id))],
        Messages = [.. box.Kept.Values.Select(letter => new NumberedMail(letter.Id, letter.Mail))],
    };
}

internal sealed record KnownKey(string Key, long Id);
