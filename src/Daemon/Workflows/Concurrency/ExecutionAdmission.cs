using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal.Executions;
using Analemma.Workflow.Admission;

namespace Analemma.Daemon.Workflows.Concurrency;

// A BURST OF STARTS
//
//   StartExecution ─► asks ─► a place: runs at once
//                          ─► none: its start is on disk, and it waits in line; it is let in when another leaves
//                          ─► the line is full: ExecutionLimitExceeded, and nothing of it is kept
//
// A start that waits is an execution like any other, RUNNING to its clients: it is on disk before it is answered, and
// takes its place in line again after a restart, since keys are given in the order of starts.
/// <summary>Which executions may run. Any thread; what is held under the lock is short.</summary>
internal sealed class ExecutionAdmission
{
    private readonly Lock _gate = new();
    private readonly AdmissionQueue<LiveExecution> _queue;
    private readonly ConcurrencyLimits _limits;
    private readonly TimeProvider _time;

    public ExecutionAdmission(WorkflowOptions options, IExecutionStore store, TimeProvider time)
    {
        (_limits, _time) = (new ConcurrencyLimits(store), time);
        _queue = new AdmissionQueue<LiveExecution>(
            new AdmissionLimits(options.ExecutionsMax, options.ExecutionsQueuedMax));
        foreach (var (machine, limits) in _limits.All(ConcurrencyLimits.Machine))
        {
            _queue.Configure(machine, limits);
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

    public AdmissionAnswer Ask(LiveExecution execution)
    {
        // Items of a distributed Map have its MaxConcurrency.
        if (execution.Head.MapRunArn is not null)
        {
            return AdmissionAnswer.Admitted;
        }

        lock (_gate)
        {
            return _queue.Ask(
                execution.Head.MachineArn, execution, _time.GetUtcNow(), execution.Head.IsNested);
        }
    }

    /// <summary>One that was there before this kernel: it runs, or waits again.</summary>
    public void Restore(LiveExecution execution, bool isHeld)
    {
        if (execution.Head.MapRunArn is not null)
        {
            return;
        }

        var (machine, isNested) = (execution.Head.MachineArn, execution.Head.IsNested);
        lock (_gate)
        {
            if (isHeld)
            {
                _queue.Wait(machine, execution, execution.StartedAt, isNested);
            }
            else
            {
                _queue.Enter(machine, execution, execution.StartedAt, isNested);
            }
        }
    }

    /// <summary>It is over, or never began.</summary>
    public void Leave(LiveExecution execution) => Admit(() => _queue.Leave(execution));

    /// <summary>Lets in who waits and may run.</summary>
    public void Admit() => Admit(static () => { });

    public IReadOnlyList<LaneView> Lanes()
    {
        lock (_gate)
        {
            return _queue.Lanes();
        }
    }

    /// <summary>Changes what a state machine may have. False when more would be reserved than there is.</summary>
    /// <exception cref="Journal.JournalStoreException">It could not be kept; it holds until the next start.</exception>
    public async Task<bool> SetAsync(string machine, LaneLimits limits)
    {
        var isDone = false;
        Admit(() => isDone = _queue.Configure(machine, limits));
        if (isDone)
        {
            await _limits.PutAsync(ConcurrencyLimits.Machine, machine, limits);
        }

        return isDone;
    }

    private void Admit(Action change)
    {
        IReadOnlyList<LiveExecution> admitted;
        lock (_gate)
        {
            change();
            admitted = _queue.Admit();
        }

        foreach (var execution in admitted)
        {
            execution.Admitted();
        }
    }
}
