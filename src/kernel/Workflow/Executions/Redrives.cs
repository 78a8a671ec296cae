using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>RedriveExecution: an execution that did not succeed goes on where it ended.</summary>
internal static class Redrives
{
    public static void Redrive(Turn turn, ExecutionEvent.Redriven redriven)
    {
        var state = turn.State;
        if (state.Status is not (ExecutionStatus.Failed or ExecutionStatus.TimedOut or ExecutionStatus.Aborted))
        {
            return;
        }

        (state.Status, state.EndedAt, state.Error, state.Cause) = (ExecutionStatus.Running, null, null, null);
        state.RedriveCount++;
        state.RedrivenAt = turn.At;
        state.MapRedrive = redriven.MapRedrive;
        turn.Write(
            state.Root!,
            HistoryEventType.ExecutionRedriven,
            JsonObject.Of(("redriveCount", state.RedriveCount)));
        ExecutionMachine.ArmTimeout(turn, state.Root!.Machine);
        if (state.IsHeld)
        {
            // It ended while it waited for its place, and has it now.
            state.IsHeld = false;
            return;
        }

        Resume(turn, state.Root, redriven.IsDeep);
    }

    // States inside a Parallel or Map that succeeded are not there any more; the others go on. Those that were to be
    // entered still are. One that fails again may end those beside it, or all.
    private static void Resume(Turn turn, Scope scope, bool isDeep)
    {
        if (turn.State.IsOver || scope.IsOver || scope.Frame is not { } frame)
        {
            return;
        }

        frame.Attempts = null;
        frame.RetryCount = 0;
        if (frame.Branches is { HasBegun: true } run)
        {
            foreach (var each in frame.Scopes().ToArray())
            {
                Resume(turn, each, isDeep);
            }

            if (frame.Branches == run && !turn.State.IsOver && frame.State is MapDefinition map)
            {
                MapSteps.StartRest(turn, frame, map, frame.Scope.LastEventId);
            }
        }
        else if (!DistributedSteps.Redrive(turn, frame, isDeep))
        {
            StateSteps.Begin(turn, frame);
        }
    }
}
