namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>
/// Time that passes only by timers: each rings as soon as it is set, and it is then as late as it was set for. A year
/// of waiting takes no time. For what has one timer at a time, as the workflows' heap does.
/// </summary>
internal sealed class EagerClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private DateTimeOffset _now = start;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        EagerTimer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private void Pass(DateTimeOffset until)
    {
        lock (_gate)
        {
            _now = until > _now ? until : _now;
        }
    }

    private sealed class EagerTimer(EagerClock clock, Action ring) : ITimer
    {
        private readonly Lock _gate = new();
        private int _set;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int set;
            lock (_gate)
            {
                set = ++_set;
            }

            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                var due = clock.GetUtcNow() + dueTime;
                ThreadPool.QueueUserWorkItem(_ => Ring(set, due));
            }

            return true;
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _disposed = true;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Ring(int set, DateTimeOffset due)
        {
            lock (_gate)
            {
                if (_disposed || set != _set)
                {
                    return;
                }
            }

            clock.Pass(due);
            ring();
        }
    }
}
