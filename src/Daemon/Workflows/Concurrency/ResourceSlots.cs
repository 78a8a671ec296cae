using Analemma.Journal.Executions;
using Analemma.Workflow.Admission;
using Analemma.Workflow.Definitions;

namespace Analemma.Daemon.Workflows.Concurrency;

/// <summary>
/// How many tasks of a resource run at once, when the owner has said so. Others wait; after a restart, tasks that were
/// begun are begun again, and wait again.
/// </summary>
internal sealed class ResourceSlots
{
    private const int QueueMax = 1_000_000;

    private readonly Lock _gate = new();
    private readonly AdmissionQueue<TaskCompletionSource> _queue = new(new AdmissionLimits(int.MaxValue, QueueMax));
    private readonly ConcurrencyLimits _limits;
    private readonly TimeProvider _time;

    public ResourceSlots(IExecutionStore store, TimeProvider time)
    {
        (_limits, _time) = (new ConcurrencyLimits(store), time);
        foreach (var (resource, limits) in _limits.All(ConcurrencyLimits.Resource))
        {
            _queue.Configure(resource, limits);
        }
    }

    public ConcurrencyFigures Figures
    {
        get
        {
            lock (_gate)
            {
                return ConcurrencyFigures.Of(_queue, _time.GetUtcNow());
            }
        }
    }

    /// <summary>
    /// What limits of a resource are set by: lambda, analemma:think, sqs … Null for what waits for other executions or
    /// for workers, which must not take a place from those.
    /// </summary>
    public static string? LaneOf(TaskResource resource) => resource.Kind switch
    {
        ResourceKind.Function => "lambda",
        ResourceKind.Activity => null,
        _ => resource.Service switch
        {
            "states" or "aws-sdk:sfn" => null,
            "analemma" => $"analemma:{resource.Action}",
            var service => service,
        },
    };

    /// <summary>A place, once there is one; null when too many wait.</summary>
    public async Task<IDisposable?> EnterAsync(string resource, CancellationToken cancelled)
    {
        TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AdmissionAnswer answer;
        lock (_gate)
        {
            answer = _queue.Ask(resource, turn, _time.GetUtcNow());
        }

        if (answer is AdmissionAnswer.Refused)
        {
            return null;
        }

        if (answer is AdmissionAnswer.Queued)
        {
            try
            {
                await using var registered = cancelled.Register(() => turn.TrySetCanceled(cancelled));
                await turn.Task;
            }
            catch
            {
                Leave(turn);
                throw;
            }
        }

        return new Slot(this, turn);
    }

    public IReadOnlyList<LaneView> Lanes()
    {
        lock (_gate)
        {
            return _queue.Lanes();
        }
    }

    /// <summary>Changes what a resource may have.</summary>
    /// <exception cref="Journal.JournalStoreException">It could not be kept; it holds until the next start.</exception>
    public async Task<bool> SetAsync(string resource, LaneLimits limits)
    {
        var isDone = false;
        Admit(() => isDone = _queue.Configure(resource, limits));
        if (isDone)
        {
            await _limits.PutAsync(ConcurrencyLimits.Resource, resource, limits);
        }

        return isDone;
    }

    private void Leave(TaskCompletionSource turn) => Admit(() => _queue.Leave(turn));

    private void Admit(Action change)
    {
        IReadOnlyList<TaskCompletionSource> admitted;
        lock (_gate)
        {
            change();
            admitted = _queue.Admit();
        }

        foreach (var turn in admitted)
        {
            turn.TrySetResult();
        }
    }

    private sealed class Slot(ResourceSlots slots, TaskCompletionSource turn) : IDisposable
    {
        public void Dispose() => slots.Leave(turn);
    }
}
