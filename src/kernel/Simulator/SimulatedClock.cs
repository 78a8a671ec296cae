namespace Analemma.Simulator;

/// <summary>
/// Time that moves only when it is told to, from one due action to the next; actions due at the same time run in the
/// order in which they were asked for. One thread, one driver.
/// </summary>
public sealed class SimulatedClock(DateTimeOffset start) : TimeProvider
{
    private readonly PriorityQueue<Due, (long Ticks, long Order)> _agenda = new();
    private long _order;

    public long Ticks { get; private set; } = start.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Ticks, TimeSpan.Zero);

    public override long GetTimestamp() => Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public Due After(TimeSpan delay, Action act) => At(Ticks + delay.Ticks, act);

    public Due At(long ticks, Action act)
    {
        var due = new Due(act);
        _agenda.Enqueue(due, (Math.Max(ticks, Ticks), _order++));
        return due;
    }

    /// <summary>Moves to the next due action and runs it. False when nothing is due any more.</summary>
    public bool RunNext()
    {
        while (_agenda.TryDequeue(out var due, out var priority))
        {
            if (due.IsCancelled)
            {
                continue;
            }

            Ticks = priority.Ticks;
            due.Act();
            return true;
        }

        return false;
    }

    /// <summary>Runs all that is due within a span, and ends at its end.</summary>
    public void Advance(TimeSpan span)
    {
        var until = Ticks + span.Ticks;
        while (_agenda.TryPeek(out var due, out var priority) && priority.Ticks <= until)
        {
            if (due.IsCancelled)
            {
                _agenda.Dequeue();
            }
            else
            {
                RunNext();
            }
        }

        Ticks = until;
    }

    /// <summary>An action that has a time.</summary>
    public sealed class Due(Action act)
    {
        public bool IsCancelled { get; private set; }

        public void Cancel() => IsCancelled = true;

        internal void Act() => act();
    }

    private sealed class SimulatedTimer(SimulatedClock clock, Action act) : ITimer
    {
        private Due? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due?.Cancel();
            _due = dueTime < TimeSpan.Zero ? null : clock.After(dueTime, () =>
            {
                if (period > TimeSpan.Zero)
                {
                    Change(period, period);
                }

                act();
            });
            return true;
        }

        public void Dispose() => _due?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
