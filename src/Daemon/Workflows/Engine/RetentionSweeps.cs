using Analemma.Daemon.Runners;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Forgets executions that ended long ago: soon after a start, and then from time to time; a few in each commit, one
/// commit after the other, so that those that run hardly wait.
/// </summary>
internal sealed class RetentionSweeps : IDisposable
{
    /// <summary>Executions in one commit.</summary>
    public const int BatchMax = 100;

    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    private readonly IExecutionStore _store;
    private readonly TimeSpan _retention;
    private readonly TimeProvider _time;
    private readonly ITimer? _timer;

    /// <param name="store">Where they are.</param>
    /// <param name="retention">How long they are kept after their end; zero for ever.</param>
    /// <param name="background">Runs the sweeps.</param>
    /// <param name="time">When.</param>
    /// <param name="log">Where it is told.</param>
    public RetentionSweeps(
        IExecutionStore store, TimeSpan retention, BackgroundTasks background, TimeProvider time, ILogger log)
    {
        (_store, _retention, _time) = (store, retention, time);
        if (retention > TimeSpan.Zero)
        {
            _timer = time.CreateTimer(
                _ => background.Run(stopping => RunAsync(log, stopping)), null, TimeSpan.FromMinutes(1), Between);
        }
    }

    /// <summary>Forgets all that are due; gives how many.</summary>
    /// <exception cref="JournalStoreException">The store failed.</exception>
    public async Task<long> SweepAsync(CancellationToken stopping)
    {
        long forgotten = 0;
        var before = (_time.GetUtcNow() - _retention).UtcTicks;
        while (!stopping.IsCancellationRequested && _store.EndedBefore(before, BatchMax) is { Count: > 0 } due)
        {
            TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _store.Write(new ExecutionStoreChange { Forget = due }, failure =>
            {
                if (failure is null)
                {
                    done.SetResult();
                }
                else
                {
                    done.SetException(failure);
                }
            });
            await done.Task;
            forgotten += due.Count;
        }

        return forgotten;
    }

    public void Dispose() => _timer?.Dispose();

    private async Task RunAsync(ILogger log, CancellationToken stopping)
    {
        try
        {
            if (await SweepAsync(stopping) is > 0 and var forgotten)
            {
                log.ExecutionsForgotten(forgotten);
            }
        }
        catch (JournalStoreException failed)
        {
            log.ExecutionsNotForgotten(failed.Message);
        }
        catch (ObjectDisposedException)
        {
            // The kernel stops.
        }
    }
}
