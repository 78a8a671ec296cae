using Analemma.Daemon.Workflows.Engine;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Does what some resources of tasks stand for. Used by many tasks at once.</summary>
internal interface ITaskHandler
{
    /// <summary>Whether this resource is for it.</summary>
    bool Takes(TaskResource resource);

    /// <summary>
    /// Does it. A task that is cancelled is wanted by nobody any more (<see cref="TaskCall.Unwanted"/>), or its kernel
    /// stops. It may run twice, when the kernel was killed in between: what must not be doubled is known by the task's
    /// idempotency key.
    /// </summary>
    Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled);
}

/// <summary>A task as its handler sees it.</summary>
/// <param name="Identity">Of the execution that wants it.</param>
/// <param name="Task">What is wanted.</param>
/// <param name="IsSubmitted">Whether an earlier kernel has started what is now only waited for.</param>
internal sealed record TaskCall(ExecutionIdentity Identity, TaskInvocation Task, bool IsSubmitted)
{
    /// <summary>Who is told; null when nobody is, but of the end.</summary>
    public LiveExecution? Execution { get; init; }

    /// <summary>
    /// Nobody wants the task any more: what it began is to be ended too. A kernel that stops cancels it otherwise, and
    /// what it began goes on, for the kernel after it to find.
    /// </summary>
    public CancellationToken Unwanted => Running?.Unwanted ?? Cancelled;

    /// <summary>The task as its execution keeps it; null when it is of none.</summary>
    public RunningTask? Running { get; init; }

    /// <summary>Of one that is of no execution: nobody wants it any more.</summary>
    public CancellationToken Cancelled { get; init; }

    public JsonValue Input => Task.Input;

    public TaskResource Resource => Task.Resource;

    /// <summary>Whether what is waited for has been started; other patterns have nothing to wait for.</summary>
    public bool IsUnderWay { get; private set; } = IsSubmitted || !Task.Resource.IsSubmitted;

    /// <summary>What was started has an answer, and goes on.</summary>
    public void Submitted(JsonValue output)
    {
        IsUnderWay = true;
        Execution?.Post(at => new ExecutionEvent.TaskSubmitted(at, Task.TaskId, output));
    }
}

/// <summary>How a task ended, or with a token: how the call that carries it did.</summary>
internal sealed record TaskOutcome
{
    private TaskOutcome()
    {
    }

    public bool IsDone { get; private init; }

    public JsonValue Output { get; private init; }

    public string? Error { get; private init; }

    public string? Cause { get; private init; }

    public TaskPhase Phase { get; private init; } = TaskPhase.Run;

    /// <summary>The request that was made and its answer, for who tests the task; null for none.</summary>
    public JsonObject? Exchange { get; init; }

    public static TaskOutcome Done(JsonValue output) => new() { IsDone = true, Output = output };

    public static TaskOutcome Failed(string? error, string? cause, TaskPhase phase = TaskPhase.Run) =>
        new() { Error = error, Cause = cause, Phase = phase };
}
