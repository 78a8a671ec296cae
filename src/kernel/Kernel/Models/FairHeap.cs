namespace Analemma.Kernel.Models;

/// <summary>Siblings by counter, the smallest first. Nodes know their place, so that any can move or leave.</summary>
internal sealed class FairHeap
{
    private readonly List<FairNode> _nodes = [];

    public int Count => _nodes.Count;

    public FairNode Min => _nodes[0];

    public void Add(FairNode node)
    {
        node.HeapIndex = _nodes.Count;
        _nodes.Add(node);
        Up(node.HeapIndex);
    }

    public void Remove(FairNode node)
    {
        var at = node.HeapIndex;
        var last = _nodes[^1];
        _nodes.RemoveAt(_nodes.Count - 1);
        node.HeapIndex = -1;
        if (last != node)
        {
            Place(last, at);
            Moved(last);
        }
    }

    /// <summary>The node's counter has changed.</summary>
    public void Moved(FairNode node)
    {
        Up(node.HeapIndex);
        Down(node.HeapIndex);
    }

    private static bool IsBefore(FairNode left, FairNode right) =>
        left.Counter < right.Counter || (left.Counter == right.Counter && left.Order < right.Order);

    private void Up(int at)
    {
        var node = _nodes[at];
        while (at > 0 && IsBefore(node, _nodes[(at - 1) / 2]))
        {
            Place(_nodes[(at - 1) / 2], at);
            at = (at - 1) / 2;
        }

        Place(node, at);
    }

    private void Down(int at)
    {
        var node = _nodes[at];
        for (var child = (2 * at) + 1; child < _nodes.Count; child = (2 * at) + 1)
        {
            if (child + 1 < _nodes.Count && IsBefore(_nodes[child + 1], _nodes[child]))
            {
                child++;
            }

            if (!IsBefore(_nodes[child], node))
            {
                break;
            }

            Place(_nodes[child], at);
            at = child;
        }

        Place(node, at);
    }

    private void Place(FairNode node, int at)
    {
        _nodes[at] = node;
        node.HeapIndex = at;
    }
}
