namespace Analemma.Workflow.Hosting;

/// <summary>
/// Timers of all executions in one heap. One that nobody waits for any more leaves its place in the heap at once, or
/// with others: of every two places one is in use. One caller at a time.
/// </summary>
/// <typeparam name="TOwner">Whose they are.</typeparam>
public sealed class DueTimers<TOwner>
{
    /// <summary>Places that are not worth a look.</summary>
    private const int VoidMin = 64;

    private readonly Dictionary<(TOwner Owner, long TimerId), DateTimeOffset> _armed = [];
    private readonly PriorityQueue<(TOwner Owner, long TimerId), DateTimeOffset> _due = new();

    /// <summary>Timers that are armed.</summary>
    public int Count => _armed.Count;

    /// <summary>Places in the heap: those of timers that are not armed any more are among them.</summary>
    public int Places => _due.Count;

    /// <summary>When the first is due; null when there is none.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            DropVoid();
            return _due.TryPeek(out _, out var due) ? due : null;
        }
    }

    /// <summary>True when it is now the first.</summary>
    public bool Arm(TOwner owner, long timerId, DateTimeOffset due)
    {
        var isFirst = Next is not { } next || due < next;
        if (_armed.TryGetValue((owner, timerId), out var before) && before == due)
        {
            return isFirst;
        }

        _armed[(owner, timerId)] = due;
        _due.Enqueue((owner, timerId), due);
        return isFirst;
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Disarm(TOwner owner, long timerId)
    {
        if (!_armed.Remove((owner, timerId)) || _due.Count < VoidMin || _due.Count <= 2 * _armed.Count)
        {
            return;
        }

        _due.Clear();
        _due.EnqueueRange(_armed.Select(timer => (timer.Key, timer.Value)));
        _due.TrimExcess();
        _armed.TrimExcess();
    }

    /// <summary>Takes out those that are due.</summary>
    public List<(TOwner Owner, long TimerId)> Ring(DateTimeOffset now)
    {
        List<(TOwner Owner, long TimerId)> rung = [];
        while (Next is { } due && due <= now)
        {
            var timer = _due.Dequeue();
            _armed.Remove(timer);
            rung.Add(timer);
        }

        return rung;
    }

    private void DropVoid()
    {
        while (_due.TryPeek(out var timer, out var due)
            && !(_armed.TryGetValue(timer, out var armed) && armed == due))
        {
            _due.Dequeue();
        }
    }
}
