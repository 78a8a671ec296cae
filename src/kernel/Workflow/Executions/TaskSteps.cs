using System.Security.Cryptography;
using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>Task: something outside runs, and says how it went.</summary>
internal static class TaskSteps
{
    public static void Begin(Turn turn, Frame frame, TaskDefinition task)
    {
        var id = turn.NextId();
        // Who cannot use the token does not see it.
        frame.Token = task.Resource.IsSubmitted ? TokenOf(turn.Identity, id) : null;
        var input = DataFlow.EffectiveInput(turn, frame);
        var scope = DataFlow.Scope(turn, frame, input);
        TaskInvocation invocation = new(
            id, turn.Identity, frame.State.Name, task.Resource, DataFlow.Parameters(turn, frame, input))
        {
            RetryCount = frame.RetryCount,
            TimeoutSeconds = Seconds(task.TimeoutSeconds, scope),
            HeartbeatSeconds = Seconds(task.HeartbeatSeconds, scope),
            Credentials = task.Credentials?.Evaluate(scope) ?? default,
        };
        TaskParameters.Check(task, invocation);
        Failures.CheckSize(turn, frame, invocation.Input);
        TaskRun run = new(invocation);
        frame.Task = run;
        turn.State.Tasks.Add(id, frame);
        TaskHistory.Scheduled(turn, frame, invocation);
        ArmTimeout(turn, frame, run);
        // Whoever has the token beats; a worker, once it has taken the task; a plain call cannot.
        if (task.Resource.Pattern is TaskPattern.WaitForTaskToken)
        {
            ArmHeartbeat(turn, frame, run);
        }

        turn.Want(new WorkflowEffect.StartTask(invocation));
    }

    public static void Apply(Turn turn, ExecutionEvent @event)
    {
        var id = @event switch
        {
            ExecutionEvent.ActivityTaken taken => taken.TaskId,
            ExecutionEvent.TaskSubmitted submitted => submitted.TaskId,
            ExecutionEvent.TaskSucceeded succeeded => succeeded.TaskId,
            ExecutionEvent.TaskFailed failed => failed.TaskId,
            ExecutionEvent.TaskHeartbeat beat => beat.TaskId,
            _ => 0,
        };
        if (!turn.State.Tasks.TryGetValue(id, out var frame) || frame.Task is not { } run)
        {
            return;
        }

        turn.IsHeard = run.EarlyEnd is null || @event is ExecutionEvent.TaskSubmitted;
        switch (@event)
        {
            case ExecutionEvent.ActivityTaken taken:
                TaskHistory.Taken(turn, frame, taken.WorkerName);
                // Its time counts from its start, that of waiting for a worker by itself (Developer Guide, Task state).
                turn.Disarm(run.TimeoutTimerId);
                ArmTimeout(turn, frame, run);
                ArmHeartbeat(turn, frame, run);
                break;
            case ExecutionEvent.TaskHeartbeat:
                turn.Disarm(run.HeartbeatTimerId);
                ArmHeartbeat(turn, frame, run);
                break;
            case ExecutionEvent.TaskSubmitted submitted:
                Submitted(turn, frame, run, submitted.Output);
                break;
            case ExecutionEvent.TaskSucceeded succeeded when IsEarly(run):
                run.EarlyEnd ??= succeeded;
                break;
            case ExecutionEvent.TaskFailed { Phase: TaskPhase.Run } failed when IsEarly(run):
                run.EarlyEnd ??= failed;
                break;
            case ExecutionEvent.TaskFailed { Phase: TaskPhase.Submit } when run.EarlyEnd is { } end && IsEarly(run):
                // Its token came back all the same: that counts, not how the call went that carried it.
                run.IsSubmitted = true;
                Apply(turn, end);
                break;
            case ExecutionEvent.TaskSucceeded succeeded:
                Succeeded(turn, frame, run, succeeded.Output);
                break;
            case ExecutionEvent.TaskFailed failed:
                Failed(turn, frame, run, failed);
                break;
        }
    }

    public static void TimedOut(Turn turn, Frame frame, bool isHeartbeat)
    {
        if (frame.Task is not { } run)
        {
            return;
        }

        TaskHistory.TimedOut(turn, frame, run.Invocation);
        Release(turn, frame, cancel: true);
        Failures.Fail(
            turn, frame, ErrorNames.Timeout, null, isHeartbeat ? ErrorNames.HeartbeatTimeout : null);
    }

    /// <summary>The task of a state has no meaning any more.</summary>
    public static void Release(Turn turn, Frame frame, bool cancel)
    {
        if (frame.Task is not { } run)
        {
            return;
        }

        turn.Disarm(run.TimeoutTimerId);
        turn.Disarm(run.HeartbeatTimerId);
        turn.State.Tasks.Remove(run.Invocation.TaskId);
        frame.Task = null;
        if (cancel)
        {
            turn.Want(new WorkflowEffect.CancelTask(run.Invocation.TaskId));
        }
    }

    // A token may come back before the call that carried it has answered; the history has them in order.
    private static bool IsEarly(TaskRun run) => run.Invocation.Resource.IsSubmitted && !run.IsSubmitted;

    private static void Submitted(Turn turn, Frame frame, TaskRun run, JsonValue output)
    {
        if (run.IsSubmitted)
        {
            return;
        }

        run.IsSubmitted = true;
        TaskHistory.Submitted(turn, frame, run.Invocation, output);
        if (run.EarlyEnd is { } end)
        {
            Apply(turn, end);
        }
    }

    private static void Succeeded(Turn turn, Frame frame, TaskRun run, JsonValue output)
    {
        var resource = run.Invocation.Resource;
        if (output.IsLongerThan(turn.Identity.PayloadBytesMax, JsonWriteOptions.Service))
        {
            var name = resource.Kind is ResourceKind.Service or ResourceKind.Sdk ? resource.Service : resource.Arn;
            Failed(
                turn,
                frame,
                run,
                new ExecutionEvent.TaskFailed(
                    turn.At, run.Invocation.TaskId, ErrorNames.DataLimitExceeded, Failures.TooLarge(name)));
            return;
        }

        TaskHistory.Succeeded(turn, frame, run.Invocation, output);
        Release(turn, frame, cancel: IsWaitedFor(resource));
        StateSteps.LeaveWith(turn, frame, output);
    }

    private static void Failed(Turn turn, Frame frame, TaskRun run, ExecutionEvent.TaskFailed failed)
    {
        TaskHistory.Failed(turn, frame, run.Invocation, failed);
        Release(turn, frame, cancel: IsWaitedFor(run.Invocation.Resource));
        Failures.Fail(turn, frame, failed.Error, failed.Cause);
    }

    // When its token ended it, nobody waits any more for what it started.
    private static bool IsWaitedFor(TaskResource resource) => resource.Pattern is TaskPattern.Sync or TaskPattern.Sync2;

    private static void ArmTimeout(Turn turn, Frame frame, TaskRun run)
    {
        if (run.Invocation.TimeoutSeconds is { } seconds)
        {
            run.TimeoutTimerId = turn.Arm(TimerKind.TaskTimeout, turn.At.AddSeconds(seconds), frame);
        }
    }

    private static void ArmHeartbeat(Turn turn, Frame frame, TaskRun run)
    {
        if (run.Invocation.HeartbeatSeconds is { } seconds)
        {
            run.HeartbeatTimerId = turn.Arm(TimerKind.TaskHeartbeat, turn.At.AddSeconds(seconds), frame);
        }
    }

    private static long? Seconds(ValueField? field, EvaluationScope scope)
    {
        var value = DataFlow.Value(field, scope);
        if (value.IsUndefined)
        {
            return null;
        }

        if (value.TryGetInt64(out var seconds) && seconds is > 0 and <= DefinitionLimits.SecondsMax)
        {
            return seconds;
        }

        throw field!.Expression is ExpressionTemplate expression
            ? Failures.NotInRange(expression, value)
            : StateErrorException.Runtime(
                $"The {field.Name} parameter cannot be parsed as a long value: {field.Path} == {value}");
    }

    /// <summary>Of the task with this id: unguessable, and the same whenever it is asked for.</summary>
    public static string TokenOf(ExecutionIdentity identity, long id) => Convert.ToBase64String(
        SHA512.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{identity.Seed}/token/{id}"))));

    /// <summary>What the effects of the task with this id are known by.</summary>
    public static string KeyOf(ExecutionIdentity identity, long id) =>
        FormattableString.Invariant($"{identity.Id}/{id}");
}
