using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Testing;

// ONE STATE, WITHOUT AN EXECUTION
//
// TestState does with one state what the machine does, by the same code: it is entered with an input, runs, or is
// given what a mock says it came to, and is left. What flowed is told step by step.
/// <summary>A test of one state. A Task without a mock wants to be run; all else has its result at once.</summary>
public sealed class StateTest
{
    private readonly StateTestRequest _request;
    private readonly ExecutionState _state = new();
    private readonly Inspection _inspection;
    private readonly Frame _frame;

    // What retriers and catchers were asked about.
    private (string? Error, string? Cause)? _failed;

    private StateTest(StateTestRequest request, StateTestSubject subject)
    {
        _request = request;
        StateMachineDefinition machine = new()
        {
            Location = "",
            StartAt = subject.State.Name,
            States = new Dictionary<string, StateDefinition>(StringComparer.Ordinal),
        };
        Scope root = new(machine, owner: null, index: 0)
        {
            Variables = subject.Variables,
            // As the first item (Developer Guide, Testing state machines with TestState, Automatic Context population).
            Item = subject.IsInMap && request.Context is null ? MapItems.Context(0, subject.Input) : default,
        };
        (_state.Root, _state.StartedAt, _state.Input) = (root, request.At, subject.Input);
        _frame = new Frame(root, subject.State, subject.Input, request.At);
        root.Frame = _frame;
        if (subject.State is TaskDefinition { Resource.IsSubmitted: true })
        {
            // What is told before the task begins looks at its token too.
            _frame.Token = TaskSteps.TokenOf(NewTurn().Identity, _state.LastId + 1);
        }

        _inspection = new Inspection(_frame);
        if (request.Configuration.RetrierRetryCount is { } retries)
        {
            _frame.RetryCount = retries;
            _frame.Attempts = [.. Enumerable.Repeat(retries, subject.State.Retry.Count)];
        }

        Begin(subject);
    }

    /// <summary>To be run, when there is no result yet.</summary>
    public TaskInvocation? Task => Result is null ? _frame.Task?.Invocation : null;

    /// <summary>Null until the task has ended.</summary>
    public StateTestResult? Result { get; private set; }

    /// <summary>Checks a request and begins.</summary>
    /// <returns>Exactly one of the two.</returns>
    public static (StateTest? Test, StateTestRefusal? Refusal) Begin(StateTestRequest request)
    {
        var refusal = StateTestSubject.TryRead(request, out var subject);
        return refusal is null ? (new StateTest(request, subject!), null) : (null, refusal);
    }

    /// <summary>The task ended well.</summary>
    public void Succeed(JsonValue output)
    {
        _inspection.Result(output);
        var turn = NewTurn();
        TaskSteps.Apply(turn, new ExecutionEvent.TaskSubmitted(_request.At, _frame.Task!.Invocation.TaskId, output));
        if (_frame.Task is { } run)
        {
            TaskSteps.Apply(turn, new ExecutionEvent.TaskSucceeded(_request.At, run.Invocation.TaskId, output));
        }

        Conclude(turn);
    }

    /// <summary>The task ended in an error.</summary>
    public void Fail(string? error, string? cause)
    {
        var turn = NewTurn();
        Fail(turn, error, cause);
        Conclude(turn);
    }

    private void Begin(StateTestSubject subject)
    {
        var turn = NewTurn();
        try
        {
            if (subject.State is MapDefinition or ParallelDefinition)
            {
                BeginMocked(turn, subject);
            }
            else
            {
                _inspection.Before(turn);
                StateSteps.Begin(turn, _frame);
            }
        }
        catch (StateErrorException wrong)
        {
            Failures.Evaluation(turn, _frame, wrong);
        }

        if (_frame.Task is null)
        {
            Conclude(turn);
        }
        else if (_request.Mock?.ErrorOutput is { } error)
        {
            Fail(error.Error, error.Cause);
        }
        else if (subject.MockResult.IsDefined)
        {
            Succeed(subject.MockResult);
        }
    }

    private void BeginMocked(Turn turn, StateTestSubject subject)
    {
        var tolerance = _inspection.BeforeBranches(turn, subject.ItemReaderData);
        if (_request.Mock?.ErrorOutput is { } error)
        {
            Fail(turn, error.Error, error.Cause);
        }
        else if (tolerance is { } most && _request.Configuration.MapIterationFailureCount > most)
        {
            Fail(
                turn,
                ErrorNames.ExceedToleratedFailureThreshold,
                "The specified tolerated failure threshold was exceeded");
        }
        else
        {
            _inspection.Result(subject.MockResult, isTold: false);
            StateSteps.LeaveWith(turn, _frame, subject.MockResult);
        }
    }

    private void Fail(Turn turn, string? error, string? cause)
    {
        _failed = (error, cause);
        Failures.Fail(turn, _frame, error, cause);
    }

    private Turn NewTurn() => new(_request.Identity, _state, _request.At)
    {
        GivenContext = StateTestSubject.ContextOf(_request),
    };

    private void Conclude(Turn turn)
    {
        var timer = _state.Timers.Values.FirstOrDefault();
        if (timer is { Kind: TimerKind.Wait })
        {
            // A wait is not waited for.
            StateSteps.LeaveWith(turn, _frame, _frame.Input);
        }

        _failed ??= EvaluationOf(turn);
        var next = _state.Ready.TryPeek(out var entry) ? entry.Name : null;
        if (timer is { Kind: TimerKind.Retry })
        {
            Result = Failed("RETRIABLE", isRetried: true);
        }
        else if (_failed is { } failed && next is not null)
        {
            var catchers = _frame.State.Catch.ToList();
            _inspection.Caught(catchers.FindIndex(each => Failures.Matches(each.ErrorEquals, failed.Error, null)));
            Result = Failed("CAUGHT_ERROR", isRetried: false) with { NextState = next, Output = OutputOf(turn) };
        }
        else if (_state.Status is ExecutionStatus.Failed)
        {
            _failed ??= (_state.Error, _state.Cause);
            Result = Failed("FAILED", isRetried: false);
        }
        else
        {
            _inspection.After(turn);
            Result = new StateTestResult("SUCCEEDED")
            {
                Output = OutputOf(turn),
                NextState = next,
                Inspection = _inspection.Build(),
            };
        }
    }

    private StateTestResult Failed(string status, bool isRetried)
    {
        var (error, cause) = _failed!.Value;
        if (FindRetrier(error) is { } retrier)
        {
            _inspection.Retried(
                retrier,
                isRetried
                    ? Failures.DelaySeconds(_frame.State.Retry[retrier], _frame.Attempts![retrier] - 1)
                    : null);
        }

        return new StateTestResult(status) { Error = error, Cause = Plain(cause), Inspection = _inspection.Build() };
    }

    private int? FindRetrier(string? error)
    {
        var index = _frame.State.Retry.ToList().FindIndex(each => Failures.Matches(each.ErrorEquals, error, null));
        return index < 0 ? null : index;
    }

    private static (string? Error, string? Cause)? EvaluationOf(Turn turn)
    {
        var failed = turn.History.LastOrDefault(happened => happened.Type is HistoryEventType.EvaluationFailed);
        return failed is null
            ? null
            : (failed.Details["error"].AsString(), failed.Details["cause"].AsString());
    }

    private static JsonValue OutputOf(Turn turn) =>
        turn.History.LastOrDefault(happened => happened.Details["output"].IsDefined)?.Details["output"] ?? default;

    // There is no execution that the state was entered in.
    private string? Plain(string? cause)
    {
        var prefix = Failures.Cause(_frame, "");
        return cause?.StartsWith(prefix, StringComparison.Ordinal) is true ? cause[prefix.Length..] : cause;
    }
}
