using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>Parallel, and what an inline Map has in common with it: machines inside a state.</summary>
internal static class BranchSteps
{
    public static void BeginParallel(Turn turn, Frame frame, ParallelDefinition parallel)
    {
        var input = DataFlow.Parameters(turn, frame, DataFlow.EffectiveInput(turn, frame));
        Failures.CheckSize(turn, frame, input);
        turn.Write(frame.Scope, HistoryEventType.ParallelStateStarted);
        BranchesRun run = new(parallel.Branches.Count);
        frame.Branches = run;
        for (var i = 0; i < parallel.Branches.Count; i++)
        {
            Start(turn, frame, run, parallel.Branches[i], i, input);
        }
    }

    /// <summary>Starts a machine inside a state.</summary>
    public static Scope Start(
        Turn turn, Frame frame, BranchesRun run, StateMachineDefinition machine, int index, JsonValue input)
    {
        Scope scope = new(machine, frame, index) { LastEventId = frame.Scope.LastEventId };
        run.Scopes.Add(scope);
        turn.State.Ready.Enqueue(new Entry(scope, machine.StartAt, input));
        return scope;
    }

    public static void ScopeSucceeded(Turn turn, Frame owner, Scope scope, JsonValue output)
    {
        var run = owner.Branches!;
        run.Results[scope.Index] = output;
        run.Done++;
        run.Scopes.Remove(scope);
        if (owner.State is MapDefinition map)
        {
            MapSteps.IterationSucceeded(turn, owner, map, scope);
            return;
        }

        owner.Scope.LastEventId = scope.LastEventId;
        if (run.Done == run.Results.Length)
        {
            Finish(turn, owner, HistoryEventType.ParallelStateSucceeded);
        }
    }

    public static void ScopeFailed(Turn turn, Frame owner, Scope scope, string? error, string? cause)
    {
        if (scope.Frame?.State.Type is StateType.Task)
        {
            turn.Write(scope, HistoryEventType.TaskStateAborted, isAside: true);
        }

        if (owner.State is MapDefinition)
        {
            turn.Write(
                scope, HistoryEventType.MapIterationFailed, MapSteps.Iteration(owner, scope.Index), isAside: true);
        }

        foreach (var other in owner.Branches!.Scopes)
        {
            if (other != scope && !other.IsOver)
            {
                Abort(turn, owner, other);
            }
        }

        owner.Scope.LastEventId = scope.LastEventId;
        Failures.Fail(turn, owner, error, cause);
    }

    /// <summary>All of it is done: its results in order are the state's.</summary>
    public static void Finish(Turn turn, Frame owner, HistoryEventType succeeded)
    {
        // Its exit does not follow from that; what goes wrong before it does.
        owner.FollowsId = owner.Scope.LastEventId;
        turn.Write(owner.Scope, succeeded);
        var results = JsonArray.Of(owner.Branches!.Results);
        owner.Branches = null;
        StateSteps.LeaveWith(turn, owner, results);
    }

    /// <summary>Machines inside a state will never go on.</summary>
    public static void Discard(Frame frame)
    {
        foreach (var scope in frame.Branches?.Scopes ?? [])
        {
            scope.IsOver = true;
            if (scope.Frame is { } inner)
            {
                Discard(inner);
            }
        }

        frame.Branches = null;
        frame.Distributed = null;
    }

    private static void Abort(Turn turn, Frame owner, Scope scope)
    {
        foreach (var frame in ExecutionState.Open(scope).Reverse().ToArray())
        {
            if (AbortedType(frame.State.Type) is { } type)
            {
                turn.Write(frame.Scope, type);
            }
        }

        if (owner.State is MapDefinition)
        {
            turn.Write(
                scope, HistoryEventType.MapIterationAborted, MapSteps.Iteration(owner, scope.Index), isAside: true);
        }

        Ends.CancelScope(turn, scope);
    }

    private static HistoryEventType? AbortedType(StateType type) => type switch
    {
        StateType.Task => HistoryEventType.TaskStateAborted,
        StateType.Wait => HistoryEventType.WaitStateAborted,
        StateType.Map => HistoryEventType.MapStateAborted,
        StateType.Parallel => HistoryEventType.ParallelStateAborted,
        _ => null,
    };
}
