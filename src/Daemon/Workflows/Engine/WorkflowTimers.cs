using Analemma.Workflow.Hosting;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Timers of all executions in one heap: thousands of waits cost one timer of the host. Any thread.
/// </summary>
internal sealed class WorkflowTimers : IDisposable
{
    private static readonly TimeSpan StrideMax = TimeSpan.FromDays(7);

    private readonly Lock _gate = new();
    private readonly DueTimers<LiveExecution> _due = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _disposed;

    public WorkflowTimers(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _due.Count;
            }
        }
    }

    public void Arm(LiveExecution execution, long timerId, DateTimeOffset due)
    {
        lock (_gate)
        {
            if (_due.Arm(execution, timerId, due))
            {
                Set(due);
            }
        }
    }

    /// <summary>Nobody waits for it any more. It rings for nobody, when it was the next.</summary>
    public void Disarm(LiveExecution execution, long timerId)
    {
        lock (_gate)
        {
            _due.Disarm(execution, timerId);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void Ring()
    {
        List<(LiveExecution Execution, long TimerId)> rung;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            rung = _due.Ring(_time.GetUtcNow());
            if (_due.Next is { } next)
            {
                Set(next);
            }
        }

        foreach (var (execution, timerId) in rung)
        {
            execution.Fire(timerId);
        }
    }

    private void Set(DateTimeOffset due)
    {
        var wait = due - _time.GetUtcNow();
        // Timers of the host have an end, and count whole milliseconds: one that is early would only ring twice.
        wait = wait > StrideMax ? StrideMax : wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }
}
