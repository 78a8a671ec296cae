using System.Collections.Concurrent;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>
/// Tasks of activities, which wait for workers, and workers, which wait for tasks: first come, first served.
/// </summary>
internal sealed class ActivityQueues(TimeProvider time)
{
    /// <summary>How long a worker waits at most, as at the service.</summary>
    private static readonly TimeSpan PollTime = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, ActivityQueue> _queues = new(StringComparer.Ordinal);

    public void Add(LiveExecution execution, TaskInvocation task) =>
        _queues.GetOrAdd(task.Resource.Arn, _ => new ActivityQueue()).Add(new Waiting(execution, task));

    /// <summary>The next task of an activity, durably this worker's; null when none came in time.</summary>
    public async Task<TaskInvocation?> TakeAsync(string arn, string? worker, CancellationToken aborted)
    {
        var queue = _queues.GetOrAdd(arn, _ => new ActivityQueue());
        using CancellationTokenSource late = new(PollTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, aborted);
        while (true)
        {
            Waiting next;
            try
            {
                next = await queue.NextAsync(either.Token);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !aborted.IsCancellationRequested)
            {
                return null;
            }

            // One that timed out, or whose execution has ended, is nobody's any more.
            try
            {
                if (await next.Execution.PostAsync(
                    at => new ExecutionEvent.ActivityTaken(at, next.Task.TaskId, worker)))
                {
                    return next.Task;
                }
            }
            catch
            {
                // That it is this worker's is not on disk: it is the next one's.
                queue.Add(next);
                throw;
            }
        }
    }

    private sealed record Waiting(LiveExecution Execution, TaskInvocation Task);

    private sealed class ActivityQueue
    {
        private readonly Lock _gate = new();
        private readonly Queue<Waiting> _tasks = new();
        private readonly LinkedList<TaskCompletionSource<Waiting>> _workers = new();

        public void Add(Waiting task)
        {
            while (true)
            {
                TaskCompletionSource<Waiting> worker;
                lock (_gate)
                {
                    if (_workers.First is not { } first)
                    {
                        _tasks.Enqueue(task);
                        return;
                    }

                    worker = first.Value;
                    _workers.RemoveFirst();
                }

                if (worker.TrySetResult(task))
                {
                    return;
                }
            }
        }

        public async Task<Waiting> NextAsync(CancellationToken cancelled)
        {
            TaskCompletionSource<Waiting> worker = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                if (_tasks.TryDequeue(out var task))
                {
                    return task;
                }

                cancelled.ThrowIfCancellationRequested();
                _workers.AddLast(worker);
            }

            await using var registered = cancelled.Register(() =>
            {
                worker.TrySetCanceled(cancelled);
                lock (_gate)
                {
                    _workers.Remove(worker);
                }
            });
            return await worker.Task;
        }
    }
}
