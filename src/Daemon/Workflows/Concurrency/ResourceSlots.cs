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
    private readonly AdmissionQueue<Slot> _queue = new(new AdmissionLimits(int.MaxValue, QueueMax));
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
    public ValueTask<IDisposable?> EnterAsync(string resource, CancellationToken cancelled)
    {
        Slot slot = new(this);
        AdmissionAnswer answer;
        lock (_gate)
        {
            answer = _queue.Ask(resource, slot, _time.GetUtcNow());
            if (answer is AdmissionAnswer.Queued)
            {
                slot.Turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return answer switch
        {
            AdmissionAnswer.Refused => default,
            AdmissionAnswer.Queued => WaitAsync(slot, cancelled),
            _ => new ValueTask<IDisposable?>(slot),
        };
    }

    private async ValueTask<IDisposable?> WaitAsync(Slot slot, CancellationToken cancelled)
    {
        var turn = slot.Turn!;
        try
        {
            await using var registered = cancelled.Register(() => turn.TrySetCanceled(cancelled));
            await turn.Task;
            return slot;
        }
        catch
        {
            Leave(slot);
            throw;
        }
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

    private void Leave(Slot slot)
    {
        IReadOnlyList<Slot> admitted;
        lock (_gate)
        {
            _queue.Leave(slot);
            admitted = _queue.Queued > 0 ? _queue.Admit() : [];
        }

        Begin(admitted);
    }

    private void Admit(Action change)
    {
        IReadOnlyList<Slot> admitted;
        lock (_gate)
        {
            change();
            admitted = _queue.Admit();
        }

        Begin(admitted);
    }

    private static void Begin(IReadOnlyList<Slot> admitted)
    {
        foreach (var slot in admitted)
        {
            slot.Turn!.TrySetResult();
        }
    }

    private sealed class Slot(ResourceSlots slots) : IDisposable
    {
        /// <summary>Completes when it has its place; null when it had it at once.</summary>
        public TaskCompletionSource? Turn { get; set; }

        public void Dispose() => slots.Leave(this);
    }
}
