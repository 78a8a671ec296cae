using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;

namespace Analemma.Kernel.Conversations;

/// <summary>
/// All conversations, and who uses which body: forks share bodies, and one that nobody uses any more may go. Durable.
/// </summary>
public sealed class ConversationTable
{
    private readonly SortedDictionary<long, Conversation> _all = [];
    private readonly Dictionary<ProcessId, SortedSet<long>> _byOwner = [];
    private readonly Dictionary<long, int> _uses = [];

    /// <summary>The id that the next one gets.</summary>
    public long NextId { get; internal set; } = 1;

    /// <summary>By id.</summary>
    public IReadOnlyCollection<Conversation> All => _all.Values;

    /// <summary>Messages of all together; one that forks share counts for each.</summary>
    public int Messages { get; private set; }

    /// <summary>What is kept for all together; what forks share counts once.</summary>
    public long Bytes { get; private set; }

    public bool IsUsed(long body) => _uses.ContainsKey(body);

    /// <summary>Every body that is used.</summary>
    public IEnumerable<long> Bodies => _uses.Keys;

    public bool TryGet(long id, [NotNullWhen(true)] out Conversation? conversation) =>
        _all.TryGetValue(id, out conversation);

    public IEnumerable<Conversation> Of(ProcessId owner) =>
        _byOwner.TryGetValue(owner, out var ids) ? ids.Select(id => _all[id]) : [];

    internal Conversation Open(ProcessId owner, ConversationPlan plan, IEnumerable<MessageRef> messages, long at) =>
        Add(new Conversation
        {
            Id = NextId++,
            Owner = owner,
            Plan = plan,
            CreatedAt = at,
            ChangedAt = at,
            Messages = [.. messages],
        });

    internal Conversation Fork(Conversation from, ProcessId owner, int keep, string? name, long at) =>
        Add(new Conversation
        {
            Id = NextId++,
            Owner = owner,
            Plan = name is null ? from.Plan : from.Plan with { Name = name },
            CreatedAt = at,
            ChangedAt = at,
            ForkedFrom = from.Id,
            Compactions = from.Compactions,
            Messages = [.. from.Messages.Take(keep)],
        });

    internal Conversation Add(Conversation conversation)
    {
        _all.Add(conversation.Id, conversation);
        if (!_byOwner.TryGetValue(conversation.Owner, out var ids))
        {
            _byOwner.Add(conversation.Owner, ids = []);
        }

        ids.Add(conversation.Id);
        Messages += conversation.Messages.Count;
        Use(conversation.Messages.Append(conversation.Plan.Settings).OfType<MessageRef>());
        return conversation;
    }

    internal void Append(Conversation conversation, IReadOnlyList<MessageRef> messages, long at)
    {
        conversation.Messages.AddRange(messages);
        conversation.ChangedAt = at;
        Messages += messages.Count;
        Use(messages);
    }

    /// <summary>Forgets all but the first messages; gives the bodies that nobody uses any more.</summary>
    internal List<long> Truncate(Conversation conversation, int keep, long at)
    {
        keep = Math.Min(keep, conversation.Messages.Count);
        var gone = conversation.Messages[keep..];
        conversation.Messages.RemoveRange(keep, gone.Count);
        conversation.ChangedAt = at;
        Messages -= gone.Count;
        return Release(gone);
    }

    /// <summary>Puts a summary in the place of the first messages.</summary>
    internal List<long> Compact(Conversation conversation, int replaced, MessageRef summary, long at)
    {
        replaced = Math.Min(replaced, conversation.Messages.Count);
        var gone = conversation.Messages[..replaced];
        conversation.Messages.RemoveRange(0, replaced);
        conversation.Messages.Insert(0, summary);
        conversation.Compactions++;
        conversation.ChangedAt = at;
        Messages += 1 - replaced;
        Use([summary]);
        return Release(gone);
    }

    internal List<long> Close(Conversation conversation)
    {
        _all.Remove(conversation.Id);
        var ids = _byOwner[conversation.Owner];
        ids.Remove(conversation.Id);
        if (ids.Count == 0)
        {
            _byOwner.Remove(conversation.Owner);
        }

        Messages -= conversation.Messages.Count;
        return Release(conversation.Messages.Append(conversation.Plan.Settings).OfType<MessageRef>());
    }

    private void Use(IEnumerable<MessageRef> messages)
    {
        foreach (var message in messages)
        {
            var uses = _uses.GetValueOrDefault(message.Body);
            _uses[message.Body] = uses + 1;
            Bytes += uses == 0 ? message.Bytes : 0;
        }
    }

    private List<long> Release(IEnumerable<MessageRef> messages)
    {
        List<long> free = [];
        foreach (var message in messages)
        {
            if (--_uses[message.Body] == 0)
            {
                _uses.Remove(message.Body);
                Bytes -= message.Bytes;
                free.Add(message.Body);
            }
        }

        return free;
    }
}
