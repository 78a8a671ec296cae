namespace Analemma.Kernel.Models;

/// <summary>
/// One member of the fair tree: a priority class, a group, an agent, or an agent's calls to one model. Its counter is
/// the service it has had, divided by its weight; the smallest among siblings goes next.
/// </summary>
public sealed class FairNode
{
    /// <summary>The weight that counts as one.</summary>
    public const int WeightDefault = 100;

    public const int WeightMax = 10_000;

    /// <summary>What one token of service adds to a counter of weight WeightMax.</summary>
    private const long Scale = WeightMax;

    private long _base;
    private long _floor;
    private long _since;

    internal FairNode(FairNode? parent, int weight, long order)
    {
        Invariant.Holds(weight is > 0 and <= WeightMax, "weights are checked where they come in");
        (Parent, Weight, Order) = (parent, weight, order);
    }

    public int Weight { get; }

    /// <summary>Scaled, weighted service. Comparable among siblings only.</summary>
    public long Counter { get; private set; }

    /// <summary>Calls that wait at or below this node.</summary>
    public int Waiting { get; internal set; }

    internal FairNode? Parent { get; }

    /// <summary>Ties go to the older node, so that a replay decides alike.</summary>
    internal long Order { get; }

    internal int Epoch { get; private set; }

    /// <summary>The place in the parent's heap; -1 when nothing below is eligible.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>The eligible children.</summary>
    internal FairHeap Eligible { get; } = new();

    /// <summary>Who left the eligible last: newcomers to an empty tree are lifted to it.</summary>
    internal FairNode? LastLeft { get; set; }

    internal bool IsParked { get; set; }

    internal FairEntry? First { get; set; }

    internal FairEntry? Last { get; set; }

    /// <summary>
    /// The lift of the Virtual Token Counter: who had nothing to do gets no credit for it. What was admitted before and
    /// is refunded later lowers only what the lift did not forget anyway.
    /// </summary>
    internal void Lift(long floor)
    {
        _base = Counter;
        _floor = floor;
        _since = 0;
        Epoch++;
        Refresh();
    }

    internal void Charge(long cost)
    {
        _since += Weighted(cost);
        Refresh();
    }

    internal void Correct(long from, long to, int epoch)
    {
        var difference = Weighted(to) - Weighted(from);
        if (epoch == Epoch)
        {
            _since += difference;
        }
        else
        {
            _base += difference;
        }

        Refresh();
    }

    private long Weighted(long cost) => cost * Scale / Weight;

    private void Refresh() => Counter = Math.Max(_base, _floor) + _since;
}

/// <summary>Something that waits for a turn. Calls derive from it.</summary>
public abstract class FairEntry
{
    /// <summary>Where it is queued or was admitted from.</summary>
    public FairNode? Leaf { get; internal set; }

    public bool IsQueued { get; internal set; }

    /// <summary>The whole reservation, charged at admission.</summary>
    public long Cost { get; internal set; }

    internal FairEntry? Next { get; set; }

    internal FairEntry? Previous { get; set; }

    /// <summary>The epoch of each node above at admission, from the leaf up.</summary>
    internal int[] Epochs { get; } = new int[FairQueue.Levels];
}
