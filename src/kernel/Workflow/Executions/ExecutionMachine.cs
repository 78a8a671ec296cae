using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

// ONE STEP OF AN EXECUTION
//
//   event ─► what waits for it goes on ─► states are entered and left, as far as nothing outside is needed ─► result
//
//   enter     …StateEntered; InputPath, Parameters, and what the type does
//   leave     ResultSelector, ResultPath, Assign, OutputPath (or Output); …StateExited; the next state, or the end
//   fail      a retrier that matches arms a timer; a catcher leaves by another way; else what is around fails
//
// Nothing in here has a clock, draws numbers or does anything: time comes with the event, randomness from the seed in
// the identity, and what is to be done leaves as effects. A late or doubled event changes nothing.
/// <summary>Runs state machines: a pure function over an execution's state.</summary>
public static class ExecutionMachine
{
    /// <summary>Applies one event; changes the state.</summary>
    /// <returns>What to add to the history, and what to do once that is durable.</returns>
    public static StepResult Step(
        StateMachineDefinition definition, ExecutionIdentity identity, ExecutionState state, ExecutionEvent @event)
    {
        if (@event is ExecutionEvent.Started ? state.IsStarted : !state.IsStarted)
        {
            return StepResult.Nothing;
        }

        Turn turn = new(identity, state, @event.At);
        Apply(turn, definition, @event);
        Run(turn);
        return new StepResult(turn.History, turn.Effects) { IsHeard = turn.IsHeard };
    }

    private static void Apply(Turn turn, StateMachineDefinition definition, ExecutionEvent @event)
    {
        switch (@event)
        {
            case ExecutionEvent.Started started:
                Start(turn, definition, started);
                break;
            case ExecutionEvent.Redriven redriven:
                Redrives.Redrive(turn, redriven);
                break;
            case var _ when turn.State.IsOver:
                break;
            case ExecutionEvent.TimerFired fired:
                Fire(turn, fired.TimerId);
                break;
            case ExecutionEvent.Stopped stopped:
                Ends.Abort(turn, stopped.Error, stopped.Cause);
                break;
            case ExecutionEvent.Continued:
                turn.State.IsHeld = false;
                break;
            case ExecutionEvent.ItemsRead or ExecutionEvent.ItemsUnreadable or ExecutionEvent.ChildEnded
                or ExecutionEvent.ResultsWritten or ExecutionEvent.ResultsUnwritable or ExecutionEvent.MapRunChanged:
                DistributedSteps.Apply(turn, @event);
                break;
            default:
                TaskSteps.Apply(turn, @event);
                break;
        }
    }

    private static void Start(Turn turn, StateMachineDefinition definition, ExecutionEvent.Started started)
    {
        Scope root = new(definition, owner: null, index: 0);
        turn.State.Root = root;
        turn.State.StartedAt = turn.At;
        turn.State.IsHeld = started.IsHeld;
        turn.State.Input = started.Input;
        turn.WriteStart(
            JsonObject.Of(
                ("input", started.Input),
                ("inputDetails", Details.NotTruncated),
                ("roleArn", turn.Identity.RoleArn),
                ("stateMachineAliasArn", turn.Identity.AliasArn is { } alias ? alias : JsonValue.Undefined),
                ("stateMachineVersionArn", turn.Identity.VersionArn is { } version ? version : JsonValue.Undefined)),
            started.InputText);
        ArmTimeout(turn, definition);
        turn.State.Ready.Enqueue(new Entry(root, definition.StartAt, started.Input));
    }

    internal static void ArmTimeout(Turn turn, StateMachineDefinition definition)
    {
        var most = turn.Identity.SecondsMax ?? long.MaxValue;
        if (Math.Min(definition.TimeoutSeconds ?? long.MaxValue, most) is < long.MaxValue and var seconds)
        {
            turn.Arm(TimerKind.ExecutionTimeout, turn.At.AddSeconds(seconds), frame: null);
        }
    }

    private static void Run(Turn turn)
    {
        var entered = 0;
        while (turn.State is { IsOver: false, IsHeld: false } && turn.State.Ready.TryPeek(out var entry))
        {
            if (++entered > ExecutionLimits.StatesPerTurnMax)
            {
                turn.Want(new WorkflowEffect.Continue());
                return;
            }

            turn.State.Ready.Dequeue();
            if (!entry.Scope.IsOver)
            {
                StateSteps.Enter(turn, entry);
            }
        }
    }

    private static void Fire(Turn turn, long timerId)
    {
        if (!turn.State.Timers.Remove(timerId, out var timer))
        {
            return;
        }

        switch (timer.Kind)
        {
            case TimerKind.Wait:
                timer.Frame!.TimerId = 0;
                StateSteps.LeaveWith(turn, timer.Frame, timer.Frame.Input);
                break;
            case TimerKind.Retry:
                timer.Frame!.TimerId = 0;
                StateSteps.Begin(turn, timer.Frame);
                break;
            case TimerKind.TaskTimeout:
                TaskSteps.TimedOut(turn, timer.Frame!, isHeartbeat: false);
                break;
            case TimerKind.TaskHeartbeat:
                TaskSteps.TimedOut(turn, timer.Frame!, isHeartbeat: true);
                break;
            case TimerKind.ExecutionTimeout:
                Ends.TimeOut(turn);
                break;
        }
    }
}

/// <summary>Details that many events have.</summary>
internal static class Details
{
    public static JsonValue NotTruncated { get; } = JsonObject.Of(("truncated", false));

    /// <summary>Error and cause, those that there are.</summary>
    public static JsonValue Failure(string? error, string? cause)
    {
        JsonObjectBuilder made = new(2);
        if (error is not null)
        {
            made.Set("error", error);
        }

        if (cause is not null)
        {
            made.Set("cause", cause);
        }

        return made.Build();
    }
}
