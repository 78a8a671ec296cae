using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners;

/// <summary>Owns every background task of the daemon: none is forgotten, all are awaited at the end.</summary>
internal sealed class BackgroundTasks(Action<Exception> panic, ILogger log) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, Task> _tasks = new();
    private readonly CancellationTokenSource _stop = new();
    private long _next;

    public CancellationToken Stopping => _stop.Token;

    public void Run(Func<CancellationToken, Task> work)
    {
        var id = Interlocked.Increment(ref _next);
        Own(id, Task.Run(() => GuardAsync(id, work)));
    }

    /// <summary>The same, begun on this thread: for work that soon waits, or is soon done.</summary>
    public void RunHere(Func<CancellationToken, Task> work)
    {
        var id = Interlocked.Increment(ref _next);
        Own(id, GuardAsync(id, work));
    }

    /// <summary>Cancels what runs.</summary>
    public Task CancelAsync() => _stop.CancelAsync();

    /// <summary>Waits for what runs, not longer than the deadline.</summary>
    public async Task DrainAsync(TimeSpan deadline, TimeProvider time)
    {
        try
        {
            await Task.WhenAll(_tasks.Values).WaitAsync(deadline, time);
        }
        catch (TimeoutException)
        {
            log.StillRunning(_tasks.Count);
        }
    }

    public ValueTask DisposeAsync()
    {
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Own(long id, Task task)
    {
        if (!task.IsCompleted)
        {
            _tasks[id] = task;
            if (task.IsCompleted)
            {
                // It has ended in between, and looked for itself too early.
                _tasks.TryRemove(id, out _);
            }
        }
    }

    // The effect-runner boundary: a fault that no runner expected is a bug of ours, and ends the kernel.
    private async Task GuardAsync(long id, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception wrong)
        {
            panic(wrong);
        }

        _tasks.TryRemove(id, out _);
    }
}
