namespace Analemma.Workflow.Hosting;

/// <summary>
/// Timers of all executions in one heap. A timer that nobody waits for any more is passed over when it is due. One
/// caller at a time.
/// </summary>
/// <typeparam name="TOwner">Whose they are.</typeparam>
public sealed class DueTimers<TOwner>
{
    private readonly PriorityQueue<(TOwner Owner, long TimerId), DateTimeOffset> _due = new();

    public int Count => _due.Count;

    /// <summary>When the first is due; null when there is none.</summary>
    public DateTimeOffset? Next => _due.TryPeek(out _, out var due) ? due : null;

    /// <summary>True when it is now the first.</summary>
    public bool Arm(TOwner owner, long timerId, DateTimeOffset due)
    {
        var isFirst = Next is not { } next || due < next;
        _due.Enqueue((owner, timerId), due);
        return isFirst;
    }

    /// <summary>Takes out those that are due.</summary>
    public List<(TOwner Owner, long TimerId)> Ring(DateTimeOffset now)
    {
        List<(TOwner Owner, long TimerId)> rung = [];
        while (_due.TryPeek(out _, out var due) && due <= now)
        {
            rung.Add(_due.Dequeue());
        }

        return rung;
    }
}
