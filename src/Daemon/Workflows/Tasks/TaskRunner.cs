using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Has each task done by the handler of its resource, and tells its execution how it went.</summary>
internal sealed class TaskRunner(
    WorkflowEngine engine,
    StateMachines machines,
    IReadOnlyList<ITaskHandler> handlers,
    ActivityQueues activities,
    ResourceSlots places,
    BackgroundTasks background,
    ILogger log)
{
    /// <summary>The most that a worker is given in an answer.</summary>
    private const int AnswerBytesMax = 16 * 1024 * 1024;

    public void Start(LiveExecution execution, OpenTask open)
    {
        var task = open.Task;
        var isActivity = task.Resource.Kind is ResourceKind.Activity;
        var hasToken = isActivity || task.Resource.Pattern is TaskPattern.WaitForTaskToken;
        // Whoever was given the token of a task that is waited for may end it too, before what was started has ended.
        var isEndedByToken = hasToken || task.Resource.Pattern is TaskPattern.Sync or TaskPattern.Sync2;
        RunningTask running = new(task.TaskId, isEndedByToken ? task.Token : null);
        execution.Keep(running);
        if (isEndedByToken && !open.IsEnded)
        {
            engine.Tokens.Add(
                task.Token, new TokenHolder(execution, task.TaskId, task.StateName, task.Resource.Arn));
        }

        if (isActivity && !open.IsSubmitted)
        {
            Offer(execution, task);
        }
        else if (!isActivity && (!hasToken || !open.IsSubmitted))
        {
            TaskCall call = new(execution.Identity, task, open.IsSubmitted)
            {
                Execution = execution,
                Running = running,
            };
            background.RunHere(stopping => RunAsync(execution, call, running, stopping));
        }
    }

    /// <summary>Runs a task of no execution; null when it was cancelled.</summary>
    public Task<TaskOutcome?> RunAloneAsync(
        ExecutionIdentity identity, TaskInvocation task, CancellationToken cancelled) =>
        OutcomeAsync(new TaskCall(identity, task, IsSubmitted: false) { Cancelled = cancelled }, cancelled);

    // To workers. For one that is not there none can ask: it must be there before it is used (Developer Guide, Task
    // state, Activity).
    private void Offer(LiveExecution execution, TaskInvocation task)
    {
        var arn = task.Resource.Arn;
        if (machines.FindActivity(arn) is null)
        {
            Fail("States.Runtime", $"The activity {arn} does not exist.", TaskPhase.Schedule);
        }
        else if (task.Input.IsLongerThan(AnswerBytesMax, JsonWriteOptions.Service))
        {
            Fail(
                "States.DataLimitExceeded",
                $"The input of activity '{arn}' is larger than the {AnswerBytesMax} bytes that a worker is given; "
                + "hand over where it is instead.",
                TaskPhase.Run);
        }
        else
        {
            activities.Add(execution, task);
        }

        void Fail(string error, string cause, TaskPhase phase)
        {
            engine.Drop(execution.Take(task.TaskId));
            execution.Post(at => new ExecutionEvent.TaskFailed(at, task.TaskId, error, cause, phase));
        }
    }

    private async Task RunAsync(
        LiveExecution execution, TaskCall call, RunningTask running, CancellationToken stopping)
    {
        TaskOutcome? outcome;
        using (var ends = running.Begin(stopping))
        {
            outcome = await OutcomeAsync(call, ends.Token);
            running.End();
        }

        if (outcome is null)
        {
            return;
        }

        var task = call.Task;
        if (outcome.IsDone && task.Resource.Pattern is TaskPattern.WaitForTaskToken)
        {
            call.Submitted(outcome.Output);
            return;
        }

        engine.Drop(execution.Take(task.TaskId));
        var phase = outcome.Phase is TaskPhase.Run && !call.IsUnderWay ? TaskPhase.Submit : outcome.Phase;
        execution.Post(outcome.IsDone
            ? at => new ExecutionEvent.TaskSucceeded(at, task.TaskId, outcome.Output)
            : at => new ExecutionEvent.TaskFailed(at, task.TaskId, outcome.Error, outcome.Cause, phase));
    }

    // Null when nobody wants to know any more. Whatever goes wrong in a handler is its task's failure, and no more.
    private async Task<TaskOutcome?> OutcomeAsync(TaskCall call, CancellationToken cancelled)
    {
        try
        {
            var lane = ResourceSlots.LaneOf(call.Resource);
            using var place = lane is null ? null : await places.EnterAsync(lane, cancelled);
            if (lane is not null && place is null)
            {
                return TaskOutcome.Failed(
                    lane == "lambda" ? "Lambda.TooManyRequestsException" : "ThrottlingException",
                    $"Rate exceeded: too many tasks of {lane} wait already.");
            }

            var handler = HandlerOf(call.Resource);
            return handler is null
                ? TaskOutcome.Failed(
                    "States.Runtime",
                    $"The resource '{call.Resource.Arn}' is not served here; the guide to workflows lists what is.")
                : await handler.RunAsync(call, cancelled);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            log.TaskFault(call.Resource.Arn, fault.GetType().FullName!, fault.StackTrace ?? "");
            return TaskOutcome.Failed(
                "States.TaskFailed", $"The task of {call.Resource.Arn} could not be run: {fault.GetType().Name}");
        }
    }

    private ITaskHandler? HandlerOf(TaskResource resource)
    {
        foreach (var handler in handlers)
        {
            if (handler.Takes(resource))
            {
                return handler;
            }
        }

        return null;
    }
}
