namespace Analemma.Daemon.Sockets;

/// <summary>
/// Deadlines that are all equally far away when set, so that the list is always in order and nothing ever looks at more
/// than its head. Belongs to one reactor and is used on its thread only.
/// </summary>
internal sealed class DeadlineQueue : IDisposable
{
    private readonly Reactor _reactor;
    private readonly TimeProvider _time;
    private readonly TimeSpan _after;
    private readonly LinkedList<(Connection Connection, long At)> _waiting = new();
    private readonly Action<Connection> _expired;
    private readonly ITimer _timer;
    private bool _armed;

    public DeadlineQueue(Reactor reactor, TimeProvider time, TimeSpan after, Action<Connection> expired)
    {
        (_reactor, _time, _after, _expired) = (reactor, time, after, expired);
        _timer = time.CreateTimer(
            _ => reactor.Post(Expire), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets a connection's deadline, or sets it anew.</summary>
    public void Set(ref LinkedListNode<(Connection Connection, long At)>? node, Connection connection)
    {
        var at = _time.GetTimestamp();
        if (node is null)
        {
            node = new LinkedListNode<(Connection, long)>((connection, at));
        }
        else
        {
            node.Value = (connection, at);
            node.List?.Remove(node);
        }

        _waiting.AddLast(node);
        if (!_armed)
        {
            Arm(_after);
        }
    }

    public static void Clear(LinkedListNode<(Connection Connection, long At)>? node) => node?.List?.Remove(node);

    public void Dispose() => _timer.Dispose();

    private void Expire()
    {
        _armed = false;
        while (_waiting.First is { } first)
        {
            var left = _after - _time.GetElapsedTime(first.Value.At);
            if (left > TimeSpan.Zero)
            {
                Arm(left);
                return;
            }

            _waiting.RemoveFirst();
            try
            {
                _expired(first.Value.Connection);
            }
            catch (Exception wrong)
            {
                _reactor.GiveUp(first.Value.Connection, wrong);
            }
        }
    }

    private void Arm(TimeSpan after)
    {
        _armed = true;
        // A timer counts whole milliseconds and may fire early by a part of one.
        _timer.Change(after + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
