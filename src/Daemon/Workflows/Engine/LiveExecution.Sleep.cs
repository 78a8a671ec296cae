using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;

namespace Analemma.Daemon.Workflows.Engine;

// ASLEEP
//
//   start ─► asleep, by what its row says that it waits for ─► something happens ─┬─► its state is folded: as any other
//               └── looked at in the background ──────────────────────────────────┴─► damaged: told of, and lost
//
// What is lost stays as it is on disk; who tells it something is told why it cannot be.
/// <content>What it is before it has a state, and when it cannot have one.</content>
internal sealed partial class LiveExecution
{
    private bool _isAsleep;
    private Exception? _lost;

    /// <summary>One that the store has, and that only waits.</summary>
    public static LiveExecution Asleep(
        WorkflowEngine engine,
        StoredExecution stored,
        ExecutionHead head,
        StateMachineDefinition definition,
        WaitingWork waiting)
    {
        DateTimeOffset at = new(stored.StartedTicks, TimeSpan.Zero);
        LiveExecution asleep = new(engine, stored.Key, head, definition, at)
        {
            _last = stored.Last,
            _isAsleep = true,
            _view = new ExecutionView(ExecutionStatus.Running, waiting.RedriveCount, End: null),
            StartedAt = at,
        };
        asleep._begun.SetResult(true);
        return asleep;
    }

    /// <summary>
    /// Reads what its state would be made of, when it is asleep: what is damaged is told of before it is needed.
    /// </summary>
    public void Check()
    {
        lock (_gate)
        {
            if (!_isAsleep || !_turns.Enter())
            {
                return;
            }
        }

        try
        {
            Read();
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            if (WorkflowEngine.Passing(wrong) is null)
            {
                Lose(wrong);
                return;
            }
        }

        if (GoesOn())
        {
            Wake();
        }
    }

    /// <summary>It cannot be read: it stays as it is on disk, for the next start to look at.</summary>
    public void Lose(Exception why)
    {
        lock (_gate)
        {
            _lost = why;
        }

        _engine.Lose(this, why);
        while (Take() is { Postings.Count: > 0 } left)
        {
            new ExecutionTurn(left, _last, _pace).TellAll(why);
        }

        _ended.TrySetException(why);
        // Most have nobody who waits for their end.
        _ = _ended.Task.Exception;
    }

    private void Wake()
    {
        try
        {
            Refold();
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            if (WorkflowEngine.Passing(wrong) is { } passing)
            {
                _engine.TryAgain(this, passing);
            }
            else
            {
                Lose(wrong);
            }

            return;
        }

        Step();
    }

    private void Refold()
    {
        var found = Read();
        _turns.Restore(found.Fold);
        _pace = found.Pace;
        _isAsleep = false;
    }

    private RestoredExecution Read()
    {
        var found = _engine.Restorer.Restore(Key, Definition, Identity);
        if (_isAsleep)
        {
            found.MustEndAt(_last);
        }

        return found;
    }
}
