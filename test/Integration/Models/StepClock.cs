namespace Analemma.Integration.Tests.Models;

/// <summary>Time that stands until the test moves it, and that tells when somebody waits for so long.</summary>
internal sealed class StepClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<StepTimer> _timers = [];
    private readonly List<(TimeSpan? Wait, TaskCompletionSource Armed)> _watchers = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(GetTimestamp());

    /// <summary>Completes while a wait of exactly this length, or of any, is going on.</summary>
    public Task WhenArmed(TimeSpan? wait = null)
    {
        lock (_gate)
        {
            if (_timers.Any(timer => wait is null || timer.Wait == wait))
            {
                return Task.CompletedTask;
            }

            var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watchers.Add((wait, armed));
            return armed.Task;
        }
    }

    /// <summary>Lets that much time pass whenever the work waits for it, until the work is done.</summary>
    public async Task PassUntilDoneAsync(TimeSpan wait, Task work)
    {
        while (!work.IsCompleted)
        {
            // The bound is only so that a test that fails ends.
            await Task.WhenAny(work, WhenArmed(wait)).WaitAsync(TimeSpan.FromSeconds(30));
            Advance(wait);
        }
    }

    /// <summary>Moves to the end of the wait that ends first, once there is one or the work is done.</summary>
    public async Task NextAsync(Task work)
    {
        await Task.WhenAny(work, WhenArmed());
        TimeSpan wait;
        lock (_gate)
        {
            wait = TimeSpan.FromTicks(_timers.Count == 0 ? 0 : _timers.Min(timer => timer.At) - _now);
        }

        Advance(wait);
    }

    public void Advance(TimeSpan by)
    {
        StepTimer[] due;
        lock (_gate)
        {
            _now += by.Ticks;
            due = [.. _timers.Where(timer => timer.At <= _now)];
            _timers.RemoveAll(timer => timer.At <= _now);
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new StepTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private void Arm(StepTimer timer, TimeSpan wait)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
            if (wait == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            (timer.Wait, timer.At) = (wait, _now + wait.Ticks);
            _timers.Add(timer);
            foreach (var watcher in _watchers.Where(each => each.Wait is null || each.Wait == wait))
            {
                watcher.Armed.TrySetResult();
            }

            _watchers.RemoveAll(each => each.Wait is null || each.Wait == wait);
        }
    }

    private sealed class StepTimer(StepClock clock, Action fire) : ITimer
    {
        public TimeSpan Wait { get; set; }

        public long At { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Arm(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Arm(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
