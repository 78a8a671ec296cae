using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>Entering a state, doing what its type does, and leaving it.</summary>
internal static class StateSteps
{
    public static void Enter(Turn turn, Entry entry)
    {
        var (scope, name, input) = entry;
        // The last event that there may be says so, as users have seen it (github.com/floci-io/floci, issue 2734).
        if (turn.State.LastEventId >= turn.Identity.EventsMax - 1)
        {
            // A redrive with its Map run must find something to go on with; it fails so again.
            turn.State.Ready.Enqueue(entry);
            Ends.Overflow(turn);
            return;
        }

        Frame frame = new(scope, scope.Machine.States[name], input, turn.At) { BeforeId = scope.LastEventId };
        scope.Frame = frame;
        frame.EnteredId = turn.Write(
            scope,
            EnteredType(frame.State.Type),
            JsonObject.Of(("name", name), ("input", input), ("inputDetails", Details.NotTruncated)));
        Begin(turn, frame);
    }

    /// <summary>The first attempt at a state, and each further one.</summary>
    public static void Begin(Turn turn, Frame frame)
    {
        try
        {
            switch (frame.State)
            {
                case PassDefinition pass:
                    LeaveWith(turn, frame, PassResult(turn, frame, pass));
                    break;
                case ChoiceDefinition choice:
                    ChoiceSteps.Begin(turn, frame, choice);
                    break;
                case WaitDefinition wait:
                    WaitSteps.Begin(turn, frame, wait);
                    break;
                case SucceedDefinition:
                    LeaveWith(turn, frame, frame.Input);
                    break;
                case FailDefinition fail:
                    Fail(turn, frame, fail);
                    break;
                case TaskDefinition task:
                    TaskSteps.Begin(turn, frame, task);
                    break;
                case ParallelDefinition parallel:
                    BranchSteps.BeginParallel(turn, frame, parallel);
                    break;
                case MapDefinition map:
                    MapSteps.Begin(turn, frame, map);
                    break;
            }
        }
        catch (StateErrorException wrong)
        {
            Failures.Evaluation(turn, frame, wrong);
        }
    }

    /// <summary>Leaves a state by its ordinary way, with what it came to before selecting and placing.</summary>
    public static void LeaveWith(Turn turn, Frame frame, JsonValue result)
    {
        try
        {
            var state = frame.State;
            if (state.IsJsonata)
            {
                var scope = DataFlow.Scope(turn, frame, frame.Input, ResultOf(frame, result));
                var output = state.Output?.Evaluate(scope) ?? result;
                Leave(turn, frame, output, state.Assign?.Evaluate(scope) ?? default, state.Next);
                return;
            }

            // Wait and Succeed have no result: what their InputPath selects is assigned from, and goes on.
            var selected = !HasResult(state) ? DataFlow.EffectiveInput(turn, frame)
                : state.ResultSelector?.Evaluate(DataFlow.Scope(turn, frame, result)) ?? result;
            var assigned = state.Assign?.Evaluate(DataFlow.Scope(turn, frame, selected)) ?? default;
            var placed = HasResult(state) ? DataFlow.ApplyResultPath(state.ResultPath, frame.Input, selected)
                : selected;
            Leave(turn, frame, DataFlow.Select(turn, frame, state.OutputPath, placed), assigned, state.Next);
        }
        catch (StateErrorException wrong)
        {
            Failures.Evaluation(turn, frame, wrong);
        }
    }

    /// <summary>Leaves a state for another, or ends its machine.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="frame">The state.</param>
    /// <param name="output">What it hands on.</param>
    /// <param name="assigned">Variables; undefined for none.</param>
    /// <param name="next">Null when this was the last.</param>
    public static void Leave(Turn turn, Frame frame, JsonValue output, JsonValue assigned, string? next)
    {
        var scope = frame.Scope;
        var variables = assigned.TryGetObject(out var given) ? given : JsonObject.Empty;
        var merged = variables.Count > 0 ? Merged(scope.Variables, variables) : scope.Variables;
        if (output.IsLongerThan(turn.Identity.PayloadBytesMax, JsonWriteOptions.Service)
            || (variables.Count > 0 && AreTooLarge(turn, variables, merged)))
        {
            Ends.CancelFrame(turn, frame);
            Ends.Fail(turn, scope, ErrorNames.DataLimitExceeded, Failures.TooLarge(frame.State.Name));
            return;
        }

        JsonObjectBuilder details = new(5);
        details.Set("name", frame.State.Name);
        details.Set("output", output);
        details.Set("outputDetails", Details.NotTruncated);
        if (variables.Count > 0)
        {
            details.Set("assignedVariables", variables);
            details.Set("assignedVariablesDetails", Details.NotTruncated);
            scope.Variables = merged;
        }

        turn.Write(scope, ExitedType(frame.State.Type), details.Build(), after: frame.FollowsId);
        if (next is null)
        {
            Ends.Succeed(turn, scope, output);
            return;
        }

        scope.Frame = null;
        turn.State.Ready.Enqueue(new Entry(scope, next, output));
    }

    // One Assign takes as much as an output, all that a scope keeps so many times that (Quotas, variables).
    private static bool AreTooLarge(Turn turn, JsonValue assigned, JsonValue all)
    {
        var max = turn.Identity.PayloadBytesMax;
        return assigned.IsLongerThan(max, JsonWriteOptions.Service)
            || all.IsLongerThan(
                (int)Math.Min((long)max * ExecutionLimits.VariablesFactor, int.MaxValue), JsonWriteOptions.Service);
    }

    private static JsonValue PassResult(Turn turn, Frame frame, PassDefinition pass)
    {
        if (pass.Result.IsDefined)
        {
            return pass.Result;
        }

        return pass.IsJsonata
            ? frame.Input
            : DataFlow.Parameters(turn, frame, DataFlow.EffectiveInput(turn, frame));
    }

    private static void Fail(Turn turn, Frame frame, FailDefinition fail)
    {
        var scope = DataFlow.Scope(turn, frame, frame.Input);
        var error = Text(fail.Error, scope);
        var cause = Text(fail.Cause, scope);
        Ends.Fail(turn, frame.Scope, error, cause);
    }

    private static string? Text(ValueField? field, EvaluationScope scope)
    {
        // Told as of a payload template, and otherwise than of the paths of other states.
        if (field?.Path is { } path && path.Find(scope, out _).IsUndefined)
        {
            throw PathTemplate.Missing(path, field.Name, scope);
        }

        var value = DataFlow.Value(field, scope);
        if (value.IsUndefined || value.TryGetString(out var text))
        {
            return value.IsUndefined ? null : value.AsString();
        }

        throw field!.Expression is ExpressionTemplate expression
            ? Failures.WrongType(expression, "string", value)
            : StateErrorException.Runtime(
                $"The {field.Name} field refers to value \"{value}\" which is not a valid string: {field.Path}");
    }

    private static bool HasResult(StateDefinition state) =>
        state.Type is StateType.Pass or StateType.Task or StateType.Parallel or StateType.Map;

    // Only what does something has $states.result.
    private static JsonValue ResultOf(Frame frame, JsonValue result) => frame.State.IsRetriable ? result : default;

    private static JsonObject Merged(JsonObject variables, JsonObject assigned)
    {
        JsonObjectBuilder merged = new(variables);
        foreach (var (name, value) in assigned)
        {
            merged.Set(name, value);
        }

        return merged.Build();
    }

    private static HistoryEventType EnteredType(StateType type) => type switch
    {
        StateType.Task => HistoryEventType.TaskStateEntered,
        StateType.Wait => HistoryEventType.WaitStateEntered,
        StateType.Pass => HistoryEventType.PassStateEntered,
        StateType.Succeed => HistoryEventType.SucceedStateEntered,
        StateType.Fail => HistoryEventType.FailStateEntered,
        StateType.Choice => HistoryEventType.ChoiceStateEntered,
        StateType.Parallel => HistoryEventType.ParallelStateEntered,
        StateType.Map => HistoryEventType.MapStateEntered,
    };

    private static HistoryEventType ExitedType(StateType type) => type switch
    {
        StateType.Task => HistoryEventType.TaskStateExited,
        StateType.Wait => HistoryEventType.WaitStateExited,
        StateType.Pass => HistoryEventType.PassStateExited,
        StateType.Succeed => HistoryEventType.SucceedStateExited,
        StateType.Choice => HistoryEventType.ChoiceStateExited,
        StateType.Parallel => HistoryEventType.ParallelStateExited,
        StateType.Map => HistoryEventType.MapStateExited,
        StateType.Fail => throw new InvalidOperationException("a Fail state is never left"),
    };
}
