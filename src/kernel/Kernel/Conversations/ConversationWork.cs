using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Conversations;

/// <summary>A change that waits: for its bodies to be kept, then for its event to be in the journal.</summary>
internal sealed class ConversationChangeOp(CallId call, long conversation)
{
    public CallId Call { get; } = call;

    /// <summary>Which one it holds; 0 for one that is to be opened, or is only read.</summary>
    public long Conversation { get; } = conversation;

    /// <summary>What is to be opened.</summary>
    public ConversationPlan? Plan { get; init; }

    public ProcessId Owner { get; init; }

    public bool HasSettings { get; init; }

    /// <summary>Nobody waits for the answer any more.</summary>
    public bool IsAbandoned { get; set; }
}

/// <summary>
/// Who is at work on which conversation: one at a time, for the order of what is said is what a conversation is.
/// Volatile.
/// </summary>
public sealed class ConversationWork
{
    /// <summary>Numbers of bodies that one kernel start can give.</summary>
    private const int BootShift = 32;

    private readonly Dictionary<long, CallId> _holders = [];
    private readonly Dictionary<CallId, ConversationChangeOp> _changes = [];
    private long _nextBody;

    /// <summary>Nothing is under way.</summary>
    public bool IsIdle => _holders.Count == 0 && _changes.Count == 0;

    public bool IsBusy(long conversation) => _holders.ContainsKey(conversation);

    internal void Hold(long conversation, CallId call) => _holders.Add(conversation, call);

    internal void Release(long conversation, CallId call)
    {
        if (_holders.TryGetValue(conversation, out var holder) && holder == call)
        {
            _holders.Remove(conversation);
        }
    }

    internal void Begin(ConversationChangeOp change)
    {
        _changes.Add(change.Call, change);
        if (change.Conversation != 0)
        {
            Hold(change.Conversation, change.Call);
        }
    }

    internal bool TryGet(CallId call, [NotNullWhen(true)] out ConversationChangeOp? change) =>
        _changes.TryGetValue(call, out change);

    /// <summary>The change has happened, or will not.</summary>
    internal ConversationChangeOp? End(CallId call)
    {
        if (_changes.Remove(call, out var change))
        {
            Release(change.Conversation, call);
        }

        return change;
    }

    /// <summary>Numbers for so many bodies, never given before: a start of the kernel has a range of its own.</summary>
    internal long TakeBodies(long boot, int count)
    {
        var first = (boot << BootShift) + _nextBody;
        _nextBody += count;
        Invariant.Holds(_nextBody < 1L << BootShift, "four thousand million messages since the kernel started");
        return first;
    }

    internal void Clear()
    {
        _holders.Clear();
        _changes.Clear();
        _nextBody = 0;
    }
}
