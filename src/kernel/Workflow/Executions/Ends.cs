using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>How scopes and executions end.</summary>
internal static class Ends
{
    /// <summary>A scope came to its end with an output.</summary>
    public static void Succeed(Turn turn, Scope scope, JsonValue output)
    {
        scope.IsOver = true;
        scope.Frame = null;
        if (scope.Owner is { } owner)
        {
            BranchSteps.ScopeSucceeded(turn, owner, scope, output);
            return;
        }

        turn.Write(
            scope,
            HistoryEventType.ExecutionSucceeded,
            JsonObject.Of(("output", output), ("outputDetails", Details.NotTruncated)));
        turn.State.Output = output;
        Finish(turn, ExecutionStatus.Succeeded, null, null);
    }

    /// <summary>A scope failed; its frame stays for a redrive.</summary>
    public static void Fail(Turn turn, Scope scope, string? error, string? cause)
    {
        if (scope.Owner is { } owner)
        {
            BranchSteps.ScopeFailed(turn, owner, scope, error, cause);
            return;
        }

        turn.Write(scope, HistoryEventType.ExecutionFailed, Details.Failure(error, cause));
        Finish(turn, ExecutionStatus.Failed, error, cause);
    }

    /// <summary>The whole fails at a scope, whatever is around it: no state is said to have failed.</summary>
    public static void FailWhole(Turn turn, Scope scope, string error, string cause)
    {
        var root = turn.State.Root!;
        CancelScope(turn, root);
        root.LastEventId = turn.Write(scope, HistoryEventType.ExecutionFailed, Details.Failure(error, cause));
        Finish(turn, ExecutionStatus.Failed, error, cause);
    }

    /// <summary>StopExecution. Like a time-out, it follows nothing.</summary>
    public static void Abort(Turn turn, string? error, string? cause)
    {
        var root = turn.State.Root!;
        CancelScope(turn, root);
        turn.Write(root, HistoryEventType.ExecutionAborted, Details.Failure(error, cause), after: 0);
        Finish(turn, ExecutionStatus.Aborted, error, cause);
    }

    /// <summary>The time of the whole is over.</summary>
    public static void TimeOut(Turn turn)
    {
        var root = turn.State.Root!;
        CancelScope(turn, root);
        turn.Write(root, HistoryEventType.ExecutionTimedOut, Details.Failure(ErrorNames.Timeout, null), after: 0);
        Finish(turn, ExecutionStatus.TimedOut, null, null);
    }

    /// <summary>The history is as long as it may be.</summary>
    public static void Overflow(Turn turn)
    {
        var root = turn.State.Root!;
        CancelScope(turn, root);
        const string Cause = ExecutionLimits.EventsMaxCause;
        turn.Write(root, HistoryEventType.ExecutionFailed, Details.Failure(ErrorNames.Runtime, Cause));
        Finish(turn, ExecutionStatus.Failed, ErrorNames.Runtime, Cause);
    }

    /// <summary>Nobody waits any more for what runs in a scope. What it has done stays.</summary>
    public static void CancelScope(Turn turn, Scope scope)
    {
        if (scope.Frame is { } frame)
        {
            CancelFrame(turn, frame);
        }
    }

    /// <summary>Nobody waits any more for what runs in a state.</summary>
    public static void CancelFrame(Turn turn, Frame frame)
    {
        turn.Disarm(frame.TimerId);
        frame.TimerId = 0;
        TaskSteps.Release(turn, frame, cancel: true);
        DistributedSteps.Cancel(turn, frame);
        foreach (var inner in frame.Scopes())
        {
            CancelScope(turn, inner);
        }
    }

    private static void Finish(Turn turn, ExecutionStatus status, string? error, string? cause)
    {
        var state = turn.State;
        (state.Status, state.Error, state.Cause, state.EndedAt) = (status, error, cause, turn.At);
        KeepReady(state);
        foreach (var timer in state.Timers.Keys.ToArray())
        {
            turn.Disarm(timer);
        }

        turn.Want(new WorkflowEffect.Finish());
    }

    // What was about to begin does so when the execution is redriven.
    private static void KeepReady(ExecutionState state)
    {
        for (var left = state.Ready.Count; left > 0; left--)
        {
            var entry = state.Ready.Dequeue();
            if (state.Status is not ExecutionStatus.Succeeded && !entry.Scope.IsOver)
            {
                state.Ready.Enqueue(entry);
            }
        }
    }
}
