using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Engine;

// ONE EXECUTION THAT RUNS
//
// Its turns are HostedExecution's, which is pure; here are the threads, the store, and who is told. One thread at a
// time is in a turn, and nobody is while a commit is under way. Commits of many go together (IExecutionStore).
//
// After a restart one that only waits is asleep: it has no state before something happens to it.
/// <summary>An execution in memory: its state, and what waits to happen to it.</summary>
internal sealed partial class LiveExecution
{
    private const int IsOnDisk = 1;
    private const int HasPlace = 2;

    private readonly Lock _gate = new();
    private readonly HostedExecution _turns;
    private readonly WorkflowEngine _engine;
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ExecutionEnd> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private JournalPosition _last;
    private SnapshotPace _pace;
    private StoredExecution? _begins;
    private Dictionary<long, RunningTask>? _tasks;
    private int _turn;
    private volatile ExecutionView _view;

    private LiveExecution(
        WorkflowEngine engine, long key, ExecutionHead head, StateMachineDefinition definition, DateTimeOffset at)
    {
        (_engine, Key, Head) = (engine, key, head);
        _turns = new HostedExecution(definition, head.Identity(engine.Options), at);
        _pace = new SnapshotPace(engine.Options.Snapshots);
        _view = ExecutionView.Of(_turns.State);
    }

    public long Key { get; }

    public ExecutionHead Head { get; }

    public ExecutionIdentity Identity => _turns.Identity;

    public StateMachineDefinition Definition => _turns.Definition;

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; private init; }

    /// <summary>How it stands on disk.</summary>
    public ExecutionView View => _view;

    /// <summary>Completes when its start is on disk: true; or false when it never will be.</summary>
    public Task<bool> Begun => _begun.Task;

    /// <summary>Completes when it has ended, durably.</summary>
    public Task<ExecutionEnd> Ended => _ended.Task;

    /// <summary>A new one; nothing of it is durable before its first event is.</summary>
    public static LiveExecution New(
        WorkflowEngine engine, long key, ExecutionHead head, StateMachineDefinition definition, DateTimeOffset at) =>
        new(engine, key, head, definition, at)
        {
            _begins = new StoredExecution(
                key, head.Arn, head.MachineArn, at.UtcTicks, head.Write(), new ExecutionStanding(0, null, null))
            {
                Run = head.MapRunArn,
            },
            StartedAt = at,
        };

    /// <summary>One that the store has.</summary>
    public static LiveExecution Restored(
        WorkflowEngine engine,
        StoredExecution stored,
        ExecutionHead head,
        StateMachineDefinition definition,
        RestoredExecution found)
    {
        LiveExecution restored = new(engine, stored.Key, head, definition, found.Fold.LastAt)
        {
            _last = stored.Last,
            _pace = found.Pace,
            StartedAt = new DateTimeOffset(stored.StartedTicks, TimeSpan.Zero),
        };
        restored._begun.SetResult(true);
        restored._turns.Restore(found.Fold);
        restored._view = ExecutionView.Of(found.Fold.State);
        return restored;
    }

    /// <summary>
    /// Lets something happen to it. Completes when that is durable: true when it made a difference, or
    /// was heard by the task that it was about. Any thread.
    /// </summary>
    public Task<bool> PostAsync(Func<DateTimeOffset, ExecutionEvent> make)
    {
        TaskCompletionSource<bool> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Enter(new Posting(make, told));
        return told.Task;
    }

    /// <summary>The same for who need not know.</summary>
    public void Post(Func<DateTimeOffset, ExecutionEvent> make) => Enter(new Posting(make));

    public void Fire(long timerId) => Post(at => new ExecutionEvent.TimerFired(at, timerId));

    /// <summary>It waits for its place, and that is on disk.</summary>
    public void Waits() => Turns(IsOnDisk);

    /// <summary>It has a place.</summary>
    public void Admitted() => Turns(HasPlace);

    // A place may come before its start is on disk: whoever is last lets it go on.
    private void Turns(int what)
    {
        var before = Interlocked.Or(ref _turn, what);
        if (before != (before | what) && (before | what) == (IsOnDisk | HasPlace))
        {
            Post(at => new ExecutionEvent.Continued(at));
        }
    }

    /// <summary>Keeps a task that runs, until it is taken.</summary>
    public void Keep(RunningTask task)
    {
        lock (_gate)
        {
            (_tasks ??= [])[task.TaskId] = task;
        }
    }

    /// <summary>Takes a task out; null when it is not there any more.</summary>
    public RunningTask? Take(long taskId)
    {
        lock (_gate)
        {
            return _tasks is not null && _tasks.Remove(taskId, out var task) ? task : null;
        }
    }

    public RunningTask[] TakeAll()
    {
        lock (_gate)
        {
            RunningTask[] all = [.. _tasks?.Values ?? Enumerable.Empty<RunningTask>()];
            _tasks = null;
            return all;
        }
    }

    private void Enter(Posting posting)
    {
        bool isAsleep;
        lock (_gate)
        {
            if (_lost is { } lost)
            {
                (posting.Ticket as TaskCompletionSource<bool>)?.TrySetException(lost);
                return;
            }

            if (!_turns.Post(posting))
            {
                return;
            }

            isAsleep = _isAsleep;
        }

        if (isAsleep)
        {
            // Whoever tells it something is not held by a fold.
            _engine.Ready.Add(Wake);
        }
        else
        {
            Step();
        }
    }

    private void Step()
    {
        while (true)
        {
            ExecutionTurn turn = new(Take(), _last, _pace);
            try
            {
                _turns.Apply(turn.Hosted, _engine.Time.GetUtcNow());
                turn.Write();
                turn.Keep(_turns, Roll(turn));
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                Break(turn, fault);
                return;
            }

            if (turn.Records.Count > 0)
            {
                Commit(turn);
                return;
            }

            turn.TellAll();
            if (!GoesOn())
            {
                return;
            }
        }
    }

    // A history that has no end goes on in a new segment.
    private bool Roll(ExecutionTurn turn) =>
        Head.Rolls && _begins is null && turn.Records.Count > 0 && !_turns.State.IsOver && _engine.Rolls.IsDue(_turns)
        && _engine.Rolls.TryRoll(Key, _turns, turn.Records, turn.Payloads) is { } rolled
        && turn.Rolled(rolled);

    private void Commit(ExecutionTurn turn)
    {
        var change = ChangeOf(turn);
        if (turn.Payloads.Count + turn.OfSnapshot.Count == 0)
        {
            _engine.Store.Write(change, failure => Committed(turn, failure));
        }
        else
        {
            _ = CommitWithPayloadsAsync(turn, change);
        }
    }

    // What a record refers to is durable before the record is.
    private async Task CommitWithPayloadsAsync(ExecutionTurn turn, ExecutionStoreChange change)
    {
        try
        {
            await _engine.Payloads.KeepAsync(turn.AllPayloads, CancellationToken.None);
        }
        catch (PayloadException failed)
        {
            var failure = failed.Failure is PayloadFailure.Full ? JournalStoreFailure.Full : JournalStoreFailure.Busy;
            NotKept(turn, new JournalStoreException(failure, failed.Message, failed));
            return;
        }
        catch (Exception fault)
        {
            _engine.Faulted(this, fault);
            NotKept(turn, new JournalStoreException(
                JournalStoreFailure.Io, $"payloads could not be kept: {fault.GetType().Name}", fault));
            return;
        }

        _engine.Store.Write(change, failure => Committed(turn, failure));
    }

    private ExecutionStoreChange ChangeOf(ExecutionTurn turn)
    {
        var status = (int)_turns.State.Status;
        var end = status == 0 ? null : ExecutionEnd.Of(_turns.State);
        if (end?.Paged is { } paged)
        {
            turn.Payloads.Add(new PagedPayload(paged, end.Output));
        }

        // One that runs again has a tail, too, which says so.
        var tail = _turns.State.RedriveCount > 0 ? end ?? ExecutionEnd.Of(_turns.State) : end;
        ExecutionStanding standing = new(status, end is null ? null : _turns.State.EndedAt?.UtcTicks, tail?.Write());
        var isNew = status != (int)_view.Status || _turns.State.RedriveCount != _view.RedriveCount;
        return new ExecutionStoreChange
        {
            Key = Key,
            Begins = _begins is null ? null : _begins with { Standing = standing },
            Records = turn.Records,
            Waits = StoredWaits.Write(Key, turn.Position, _turns.State, _turns.Open),
            Documents = turn.Snapshot is null
                ? ExecutionPayloads.Documents(turn.Payloads, Key)
                : [
                    .. ExecutionPayloads.Documents(turn.Payloads, Key),
                    .. turn.Released,
                    ExecutionPayloads.SnapshotDocument(turn.OfSnapshot, Key),
                ],
            Standing = isNew && _begins is null ? standing : null,
            Checkpoint = turn.Snapshot,
            Prune = turn.Prune,
        };
    }

    // On the store's thread, which is not to be held but when it is lent.
    private void Committed(ExecutionTurn turn, JournalStoreException? failure)
    {
        if (_engine.Store.IsLent)
        {
            Conclude(turn, failure);
        }
        else
        {
            _engine.Ready.Add(() => Conclude(turn, failure));
        }
    }

    private void Conclude(ExecutionTurn turn, JournalStoreException? failure)
    {
        if (failure is null)
        {
            Goes(turn);
        }
        else
        {
            NotKept(turn, failure);
        }
    }

    private void Goes(ExecutionTurn turn)
    {
        _engine.Payloads.LetGo(turn.AllPayloads);
        (_last, _pace) = (turn.Position, turn.Pace);
        _begins = null;
        _begun.TrySetResult(true);
        _view = ExecutionView.Of(_turns.State);
        _engine.Watchers.Tell(Key);
        if (_view.IsOver)
        {
            _engine.Leave(this);
            _ended.TrySetResult(_view.End!);
        }

        foreach (var step in turn.Hosted.Steps)
        {
            foreach (var effect in step.Result.Effects)
            {
                _engine.Do(this, effect);
            }
        }

        turn.TellAll();
        if (GoesOn())
        {
            Step();
        }
    }

    private void NotKept(ExecutionTurn turn, JournalStoreException failure)
    {
        _engine.Payloads.LetGo(turn.AllPayloads);
        _engine.NotKept(this, failure.Message);
        turn.TellAll(failure);
        if (_begins is not null)
        {
            // Nothing of it is on disk, and whoever started it knows.
            NeverBegan();
            return;
        }

        lock (_gate)
        {
            _turns.NotKept(turn.Hosted);
        }

        _engine.TryAgain(this, failure);
    }

    /// <summary>After a commit that failed: what is on disk counts.</summary>
    public void Resume()
    {
        Refold();
        if (GoesOn())
        {
            Step();
        }
    }

    // The machine has a mistake. Only this execution ends by it, with what it was in its cause.
    private void Break(ExecutionTurn turn, Exception fault)
    {
        _engine.Faulted(this, fault);
        turn.TellAll(fault);
        // Nothing of the turn was asked to be kept.
        turn.Payloads.Clear();
        turn.OfSnapshot.Clear();
        if (_begins is not null)
        {
            NeverBegan();
            return;
        }

        try
        {
            Refold();
            EndBy(fault);
        }
        catch (Exception failure) when (WorkflowEngine.Passing(failure) is { } passing)
        {
            // Its end comes when the store can be read: by the same event, which will meet the same mistake.
            NotKept(turn, passing);
        }
        catch (Exception again) when (again is not OutOfMemoryException)
        {
            // It can be neither read nor ended: it is left as it is on disk, for the next start to look at.
            _engine.Faulted(this, again);
            Lose(again);
        }
    }

    private void NeverBegan()
    {
        _engine.Leave(this);
        _begun.TrySetResult(false);
    }

    private void EndBy(Exception fault)
    {
        var cause = $"the engine met a fault of its own and cannot go on: {fault.GetType().Name}";
        HostTurn ending = new();
        ending.Postings.Add(new Posting(at => new ExecutionEvent.Stopped(at, "States.Runtime", cause)));
        _turns.Apply(ending, _engine.Time.GetUtcNow());
        ExecutionTurn last = new(ending, _last, _pace);
        last.Write();
        Commit(last);
    }

    private HostTurn Take()
    {
        lock (_gate)
        {
            return _turns.Take();
        }
    }

    private bool GoesOn()
    {
        lock (_gate)
        {
            return _turns.GoesOn();
        }
    }
}
