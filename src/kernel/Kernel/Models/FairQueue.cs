using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Models;

// FAIR QUEUE
//
// The Virtual Token Counter (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024) in a tree:
//
//   root → priority class → group → agent → the agent's calls to one model, first in first out
//
// Every node below the root has a counter of the service that it has had, service being w_in * input + w_out * output
// tokens, divided by its weight. A turn goes down the tree to the smallest counter at each level. So parallel calls of
// one agent are one agent, groups share before their agents do, and a lower class gets its share, small but never zero.
//
//   charge   at admission the whole reservation (input and the most output) is charged; at completion what was not used
//            is given back. Over any interval in which two siblings are backlogged, what they are charged differs by
//            two reservations at most, and what calls in flight give back; ADR 17 has the proof, and why no order that
//            leaves no slot idle can do without the second part.
//   lift     a node that becomes eligible again starts at least at the smallest counter of its eligible siblings, or
//            that of the sibling that left last: idle time earns no credit. Refunds for calls of before the lift lower
//            the counter to the lift's level at most, as if the refund had come first.
//   park     a node that its own rate limit holds back is not eligible, and is not lifted when it comes back.
//
// Work-conserving: an eligible call is always offered. Integers only and ties by age of the node, so that a replay
// takes the same turns. Every operation is O(log siblings) at each of four levels.
public sealed class FairQueue
{
    /// <summary>Class, group, agent, model.</summary>
    public const int Levels = 4;

    /// <summary>The shares of the priority classes, low to high, when all have work.</summary>
    private static readonly int[] ClassWeights = [100, 400, 1_600];

    private readonly FairNode _root = new(null, FairNode.WeightDefault, 0);
    private readonly Dictionary<FairKey, FairNode> _nodes = [];
    private readonly Dictionary<string, List<FairKey>> _byAgent = new(StringComparer.Ordinal);
    private long _order;

    public int Count { get; private set; }

    /// <summary>Admitted and not yet settled.</summary>
    public int InFlight { get; private set; }

    public int ParkedCount { get; private set; }

    /// <summary>Nodes of the tree, for accounts and tests.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>The place of an agent's calls to a model, made when it is new.</summary>
    public FairNode Leaf(ModelPriority priority, FairShare group, FairShare agent, string model)
    {
        var key = new FairKey(priority, group.Name, agent.Name, model);
        if (_nodes.TryGetValue(key, out var leaf))
        {
            return leaf;
        }

        var level = Node(new FairKey(priority, null, null, null), _root, ClassWeights[(int)priority]);
        level = Node(new FairKey(priority, group.Name, null, null), level, group.Weight);
        level = Node(new FairKey(priority, group.Name, agent.Name, null), level, agent.Weight);
        return Node(key, level, FairNode.WeightDefault);
    }

    /// <summary>Lets an entry wait; <paramref name="first"/>: before the others of its leaf, as a retry does.</summary>
    public void Enqueue(FairEntry entry, FairNode leaf, long cost, bool first = false)
    {
        Invariant.Holds(!entry.IsQueued && cost >= 0, "an entry waits once");
        (entry.Leaf, entry.Cost, entry.IsQueued) = (leaf, cost, true);
        var (before, after) = first ? (null, leaf.First) : (leaf.Last, (FairEntry?)null);
        Link(leaf, before, entry);
        Link(leaf, entry, after);
        CountWaiting(leaf, 1);
        if (leaf.HeapIndex < 0 && !leaf.IsParked)
        {
            Enter(leaf, lift: true);
        }
    }

    /// <summary>Whose turn it is; null when nothing is eligible.</summary>
    public FairEntry? Peek()
    {
        var node = _root;
        while (node.Eligible.Count > 0)
        {
            node = node.Eligible.Min;
        }

        return node == _root ? null : node.First;
    }

    /// <summary>Gives the entry that Peek offered its turn, and charges its whole reservation.</summary>
    public void Admit(FairEntry entry)
    {
        var leaf = entry.Leaf!;
        Invariant.Holds(entry.IsQueued && leaf.First == entry, "the head of a queue is admitted");
        for (var (node, level) = (leaf, 0); node.Parent is not null; (node, level) = (node.Parent, level + 1))
        {
            entry.Epochs[level] = node.Epoch;
            node.Charge(entry.Cost);
            Moved(node);
        }

        InFlight++;
        TakeOut(entry);
    }

    /// <summary>An admitted entry has come to its end, and has used this much.</summary>
    public void Settle(FairEntry entry, long used)
    {
        for (var (node, level) = (entry.Leaf!, 0); node.Parent is not null; (node, level) = (node.Parent, level + 1))
        {
            node.Correct(entry.Cost, used, entry.Epochs[level]);
            Moved(node);
        }

        entry.Cost = used;
        InFlight--;
    }

    /// <summary>Takes back an entry that still waits.</summary>
    public void Remove(FairEntry entry)
    {
        Invariant.Holds(entry.IsQueued, "what is taken back waits");
        TakeOut(entry);
    }

    /// <summary>Passes over a leaf, whatever its counter, until it is unparked.</summary>
    public void Park(FairNode leaf)
    {
        if (!leaf.IsParked)
        {
            leaf.IsParked = true;
            ParkedCount++;
            if (leaf.HeapIndex >= 0)
            {
                Leave(leaf);
            }
        }
    }

    public void Unpark(FairNode leaf)
    {
        if (leaf.IsParked)
        {
            leaf.IsParked = false;
            ParkedCount--;
            if (leaf.First is not null)
            {
                Enter(leaf, lift: false);
            }
        }
    }

    /// <summary>An agent has ended: its nodes go. What it has in flight is settled upwards all the same.</summary>
    public void Forget(string agent)
    {
        if (!_byAgent.Remove(agent, out var keys))
        {
            return;
        }

        foreach (var key in keys)
        {
            Invariant.Holds(_nodes.Remove(key, out var node) && node.Waiting == 0, "what has ended asks for nothing");
        }
    }

    private FairNode Node(FairKey key, FairNode parent, int weight)
    {
        if (!_nodes.TryGetValue(key, out var node))
        {
            _nodes.Add(key, node = new FairNode(parent, weight, ++_order));
            if (key.Agent is { } agent)
            {
                (_byAgent.TryGetValue(agent, out var keys) ? keys : _byAgent[agent] = []).Add(key);
            }
        }

        return node;
    }

    private static void Moved(FairNode node)
    {
        if (node.HeapIndex >= 0)
        {
            node.Parent!.Eligible.Moved(node);
        }
    }

    private void CountWaiting(FairNode leaf, int by)
    {
        Count += by;
        for (var node = leaf; node is not null; node = node.Parent)
        {
            node.Waiting += by;
        }
    }

    private void TakeOut(FairEntry entry)
    {
        var leaf = entry.Leaf!;
        Link(leaf, entry.Previous, entry.Next);
        (entry.Previous, entry.Next, entry.IsQueued) = (null, null, false);
        CountWaiting(leaf, -1);
        if (leaf.First is null && leaf.HeapIndex >= 0)
        {
            Leave(leaf);
        }
    }

    /// <summary>Makes two entries neighbours; null is the end of the leaf's queue.</summary>
    private static void Link(FairNode leaf, FairEntry? before, FairEntry? after)
    {
        if (before is null)
        {
            leaf.First = after;
        }
        else
        {
            before.Next = after;
        }

        if (after is null)
        {
            leaf.Last = before;
        }
        else
        {
            after.Previous = before;
        }
    }

    private static void Enter(FairNode leaf, bool lift)
    {
        for (var node = leaf; node.Parent is { } parent && node.HeapIndex < 0; node = parent)
        {
            if (lift)
            {
                node.Lift(parent.Eligible.Count > 0 ? parent.Eligible.Min.Counter : parent.LastLeft?.Counter ?? 0);
            }

            parent.Eligible.Add(node);
        }
    }

    private static void Leave(FairNode leaf)
    {
        for (var node = leaf; node.Parent is { } parent; node = parent)
        {
            parent.Eligible.Remove(node);
            parent.LastLeft = node;
            if (parent.Eligible.Count > 0)
            {
                return;
            }
        }
    }

    private readonly record struct FairKey(ModelPriority Priority, string? Group, string? Agent, string? Model);
}

/// <summary>A member of the fair tree and its weight, which is looked at when it first appears.</summary>
public readonly record struct FairShare(string Name, int Weight = FairNode.WeightDefault);
