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

    public void Run(Func<CancellationToken, Task> work) => Own(Task.Run(() => GuardAsync(work)));

    /// <summary>The same, begun on this thread: for work that soon waits, or is soon done.</summary>
    public void RunHere(Func<CancellationToken, Task> work)
    {
        var task = GuardAsync(work);
        if (!task.IsCompleted)
        {
            Own(task);
        }
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

    private void Own(Task task)
    {
        var id = Interlocked.Increment(ref _next);
        _tasks[id] = task;
        task.ContinueWith(
            (_, state) => _tasks.TryRemove((long)state!, out Task? _),
            id,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    // The effect-runner boundary: a fault that no runner expected is a bug of ours, and ends the kernel.
    private async Task GuardAsync(Func<CancellationToken, Task> work)
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
    }
}
