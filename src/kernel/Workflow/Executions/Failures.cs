using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>What comes of an error: another attempt, another way, or the end of what is around.</summary>
internal static class Failures
{
    private const double SecondsMax = 31_622_400;

    /// <summary>As the service says which state it was.</summary>
    public static string Cause(Frame frame, string message) => FormattableString.Invariant(
        $"An error occurred while executing the state '{frame.State.Name}' (entered at the event id #{frame.EnteredId}")
        + $"). {message}";

    public static string TooLarge(string name) =>
        $"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit.";

    /// <summary>Refuses what a state would hand to a task or to branches, when it is larger than it may be.</summary>
    public static void CheckSize(Turn turn, Frame frame, JsonValue input)
    {
        if (input.IsLongerThan(turn.Identity.PayloadBytesMax, JsonWriteOptions.Service))
        {
            throw new StateErrorException(
                ErrorNames.DataLimitExceeded,
                $"The input of the state/task '{frame.State.Name}' has a size exceeding the maximum number of bytes "
                + "service limit.");
        }
    }

    /// <summary>A field of JSONata came to something of another type than it must.</summary>
    public static StateErrorException WrongType(Template field, string expected, JsonValue value) =>
        field is ExpressionTemplate expression
            ? StateErrorException.Query(
                $"The JSONata expression '{expression.Text}' specified for the field '{expression.Location}' returned "
                + $"an unexpected result type. {Unexpected(expected, value)}",
                expression.Location)
            : StateErrorException.Query(Unexpected(expected, value), null);

    /// <summary>
    /// A field of JSONata came to what is no number, or to one that it cannot be (Developer Guide, Handling expression
    /// errors).
    /// </summary>
    public static StateErrorException NotInRange(ExpressionTemplate field, JsonValue value) => value.IsNumber
        ? StateErrorException.Query(
            $"The JSONata expression '{field.Text}' specified for the field '{field.Location}' returned a value "
            + $"that is out of range: {value.ToString(JsonWriteOptions.Service)}",
            field.Location)
        : WrongType(field, "number", value);

    /// <summary>A field of a state could not be evaluated.</summary>
    public static void Evaluation(Turn turn, Frame frame, StateErrorException wrong)
    {
        var cause = Cause(frame, wrong.Message);
        frame.FollowsId = null;
        if (wrong.Error == ErrorNames.Runtime)
        {
            Ends.FailWhole(turn, frame.Scope, wrong.Error, cause);
            return;
        }

        if (wrong.Error == ErrorNames.QueryEvaluationError)
        {
            // What is evaluated before the state has begun follows, in recorded histories, what was before the state.
            var isBefore = frame.State.IsRetriable && frame.Scope.LastEventId == frame.EnteredId;
            WriteEvaluationFailed(turn, frame, wrong, cause, isBefore ? frame.BeforeId : null);
        }

        Fail(turn, frame, wrong.Error, cause);
    }

    /// <summary>A state failed.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="frame">The state.</param>
    /// <param name="error">The error's name.</param>
    /// <param name="cause">In words.</param>
    /// <param name="alias">Another name that retriers and catchers may know it by.</param>
    public static void Fail(Turn turn, Frame frame, string? error, string? cause, string? alias = null)
    {
        Ends.CancelFrame(turn, frame);
        var mayRecover = error != ErrorNames.Runtime;
        if (mayRecover && TryRetry(turn, frame, error, alias))
        {
            return;
        }

        var before = frame.Scope.LastEventId;
        WriteStateFailed(turn, frame);
        if (mayRecover && TryCatch(turn, frame, error, cause, alias, before))
        {
            return;
        }

        Ends.Fail(turn, frame.Scope, error, cause);
    }

    /// <summary>Whether a list of ErrorEquals has an error (States Language, Errors).</summary>
    public static bool Matches(IReadOnlyList<string> errors, string? error, string? alias) => errors.Any(wanted =>
        wanted == ErrorNames.All
        || wanted == error
        || wanted == alias
        || (wanted == ErrorNames.TaskFailed && error != ErrorNames.Timeout));

    /// <summary>Before the next attempt by a retrier, without jitter.</summary>
    public static double DelaySeconds(Retrier retrier, int attempts) => Math.Min(
        retrier.MaxDelaySeconds ?? SecondsMax, retrier.IntervalSeconds * Math.Pow(retrier.BackoffRate, attempts));

    private static bool TryRetry(Turn turn, Frame frame, string? error, string? alias)
    {
        var retriers = frame.State.Retry;
        for (var i = 0; i < retriers.Count; i++)
        {
            if (!Matches(retriers[i].ErrorEquals, error, alias))
            {
                continue;
            }

            frame.Attempts ??= new int[retriers.Count];
            if (frame.Attempts[i] >= retriers[i].MaxAttempts)
            {
                return false;
            }

            var seconds = DelaySeconds(retriers[i], frame.Attempts[i]);
            if (retriers[i].HasFullJitter)
            {
                seconds *= (double)(ulong)(turn.Chance.Next() >> 64) / ulong.MaxValue;
            }

            frame.Attempts[i]++;
            frame.RetryCount++;
            BranchSteps.Discard(frame);
            frame.TimerId = turn.Arm(TimerKind.Retry, turn.At.AddSeconds(seconds), frame);
            return true;
        }

        return false;
    }

    private static bool TryCatch(
        Turn turn, Frame frame, string? error, string? cause, string? alias, long before)
    {
        var index = 0;
        while (index < frame.State.Catch.Count && !Matches(frame.State.Catch[index].ErrorEquals, error, alias))
        {
            index++;
        }

        if (index == frame.State.Catch.Count)
        {
            return false;
        }

        try
        {
            Leave(turn, frame, frame.State.Catch[index], JsonObject.Of(("Error", error ?? ""), ("Cause", cause ?? "")));
        }
        catch (StateErrorException wrong)
        {
            CatcherFailed(turn, frame, wrong, before);
        }

        return true;
    }

    // From where it stood before it failed for the first time, the state fails again.
    private static void CatcherFailed(Turn turn, Frame frame, StateErrorException wrong, long before)
    {
        var cause = Cause(frame, wrong.Message);
        if (wrong.Error == ErrorNames.Runtime)
        {
            Ends.FailWhole(turn, frame.Scope, wrong.Error, cause);
            return;
        }

        if (wrong.Error == ErrorNames.QueryEvaluationError)
        {
            WriteEvaluationFailed(turn, frame, wrong, cause, before);
        }

        WriteStateFailed(turn, frame);
        Ends.Fail(turn, frame.Scope, wrong.Error, cause);
    }

    private static void Leave(Turn turn, Frame frame, Catcher catcher, JsonValue errorOutput)
    {
        BranchSteps.Discard(frame);
        if (frame.State.IsJsonata)
        {
            var scope = DataFlow.Scope(turn, frame, frame.Input, error: errorOutput);
            var made = catcher.Output?.Evaluate(scope) ?? errorOutput;
            StateSteps.Leave(turn, frame, made, catcher.Assign?.Evaluate(scope) ?? default, catcher.Next);
            return;
        }

        var assigned = catcher.Assign?.Evaluate(DataFlow.Scope(turn, frame, errorOutput)) ?? default;
        var output = DataFlow.ApplyResultPath(catcher.ResultPath, frame.Input, errorOutput);
        StateSteps.Leave(turn, frame, output, assigned, catcher.Next);
    }

    private static void WriteEvaluationFailed(
        Turn turn, Frame frame, StateErrorException wrong, string cause, long? after)
    {
        JsonObjectBuilder details = new(4);
        details.Set("error", wrong.Error);
        details.Set("cause", cause);
        details.Set("state", frame.State.Name);
        if (wrong.Location is not null)
        {
            details.Set("location", wrong.Location);
        }

        turn.Write(frame.Scope, HistoryEventType.EvaluationFailed, details.Build(), after: after);
    }

    private static void WriteStateFailed(Turn turn, Frame frame)
    {
        if (frame.State.Type is StateType.Map)
        {
            turn.Write(frame.Scope, HistoryEventType.MapStateFailed);
        }
        else if (frame.State.Type is StateType.Parallel)
        {
            turn.Write(frame.Scope, HistoryEventType.ParallelStateFailed);
        }
    }

    private static string Unexpected(string expected, JsonValue value) =>
        $"Expected '{expected}', but was '{KindOf(value)}' for value: {value.ToString(JsonWriteOptions.Service)}";

    private static string KindOf(JsonValue value) => value.Kind.ToString().ToLowerInvariant();
}
