using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

// WHAT AN EXECUTION WANTS DONE
//
// Effects leave only after the events that led to them are durable. Each has an id that the events about it name; after
// a restart, what ExecutionState.Open… lists is what was wanted and has not ended. All are at least once: whoever does
// them keeps (execution, id) as a key.
/// <summary>Something that an execution wants done outside.</summary>
public abstract record WorkflowEffect
{
    private WorkflowEffect()
    {
    }

    /// <summary>Tell TimerFired at that time, or later when it could not be then.</summary>
    public sealed record ArmTimer(long TimerId, DateTimeOffset Due) : WorkflowEffect;

    /// <summary>Nobody waits for this timer any more; telling it does no harm.</summary>
    public sealed record DisarmTimer(long TimerId) : WorkflowEffect;

    /// <summary>
    /// Run a task. It is told TaskSubmitted when its resource says so, and then once TaskSucceeded or TaskFailed; an
    /// activity also ActivityTaken.
    /// </summary>
    public sealed record StartTask(TaskInvocation Task) : WorkflowEffect;

    /// <summary>Nobody waits for this task any more; its token is void.</summary>
    public sealed record CancelTask(long TaskId) : WorkflowEffect;

    /// <summary>Read the items of a distributed Map: ItemsRead or ItemsUnreadable.</summary>
    /// <param name="TaskId">The Map's.</param>
    /// <param name="Reader">How they are written.</param>
    /// <param name="Parameters">For the resource: Bucket, Key …; undefined for none.</param>
    /// <param name="ItemsMax">At most so many; null for all.</param>
    public sealed record ReadItems(
        long TaskId, ItemReaderDefinition Reader, JsonValue Parameters, long? ItemsMax) : WorkflowEffect;

    /// <summary>Run one item, or batch, of a distributed Map as an execution of its own: ChildEnded.</summary>
    public sealed record StartChild(ChildStart Child) : WorkflowEffect;

    /// <summary>Stop all executions of a distributed Map that run.</summary>
    public sealed record StopChildren(long TaskId, string MapRunArn) : WorkflowEffect;

    /// <summary>
    /// Write the results of a distributed Map, or when its writer has no resource put them together:
    /// ResultsWritten or ResultsUnwritable. Results are those of who succeeded, without gaps.
    /// </summary>
    public sealed record WriteResults(
        long TaskId, ResultWriterDefinition Writer, JsonValue Parameters, string MapRunArn, JsonArray Results)
        : WorkflowEffect
    {
        /// <summary>Whether the run fails: what is under way is stopped first.</summary>
        public bool IsFailed { get; init; }

        /// <summary>Of a run that fails, what has not ended: an array of index and input for each.</summary>
        public JsonArray Open { get; init; } = JsonArray.Empty;
    }

    /// <summary>A distributed Map begins, changes or ends; for DescribeMapRun.</summary>
    public sealed record TellMapRun(MapRunState MapRun) : WorkflowEffect;

    /// <summary>Tell Continued: there is more to do, after others had their turn.</summary>
    public sealed record Continue : WorkflowEffect;

    /// <summary>The execution has ended; its state says how.</summary>
    public sealed record Finish : WorkflowEffect;
}

/// <summary>A task to run.</summary>
/// <param name="TaskId">Of this attempt; a retry has another.</param>
/// <param name="Identity">Of the execution that wants it.</param>
/// <param name="StateName">The state that wants it.</param>
/// <param name="Resource">What runs it.</param>
/// <param name="Input">The state's parameters.</param>
public sealed record TaskInvocation(
    long TaskId, ExecutionIdentity Identity, string StateName, TaskResource Resource, JsonValue Input)
{
    /// <summary>
    /// Unguessable; what SendTaskSuccess and its kind name it by. Made when it is asked for: most tasks need none.
    /// </summary>
    public string Token => TaskSteps.TokenOf(Identity, TaskId);

    /// <summary>Retries before this attempt.</summary>
    public int RetryCount { get; init; }

    /// <summary>From its start; null for none.</summary>
    public long? TimeoutSeconds { get; init; }

    /// <summary>Between two heartbeats; null for none.</summary>
    public long? HeartbeatSeconds { get; init; }

    /// <summary>Credentials, evaluated; undefined for none.</summary>
    public JsonValue Credentials { get; init; }

    /// <summary>The same in every run of this attempt: what an effect that must not be doubled is known by.</summary>
    public string IdempotencyKey => TaskSteps.KeyOf(Identity, TaskId);
}

/// <summary>One item, or batch, of a distributed Map to run.</summary>
/// <param name="TaskId">The Map's.</param>
/// <param name="MapRunArn">Which run it belongs to.</param>
/// <param name="Index">Which item or batch.</param>
/// <param name="Name">Of the execution: a UUID.</param>
/// <param name="Machine">What it runs.</param>
/// <param name="Input">Its input.</param>
public sealed record ChildStart(
    long TaskId, string MapRunArn, int Index, string Name, StateMachineDefinition Machine, JsonValue Input)
{
    /// <summary>The state that wants it.</summary>
    public required string StateName { get; init; }

    public bool IsExpress { get; init; }

    /// <summary>Items that are in it, when they come in batches.</summary>
    public int ItemCount { get; init; } = 1;

    /// <summary>Which redrive of the Map run wants it; 0 for the first run.</summary>
    public int MapRedrive { get; init; }

    /// <summary>
    /// Whether it had an execution before that did not succeed: a STANDARD one is redriven, an EXPRESS one is started
    /// anew.
    /// </summary>
    public bool IsAgain { get; init; }
}

/// <summary>How a distributed Map stands (API reference, DescribeMapRun).</summary>
/// <param name="Arn">Its ARN.</param>
/// <param name="TaskId">The Map's.</param>
/// <param name="StateName">The Map.</param>
/// <param name="Status">How it is.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record MapRunState(
    string Arn, long TaskId, string StateName, ExecutionStatus Status, DateTimeOffset StartedAt)
{
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>0 for no limit.</summary>
    public long MaxConcurrency { get; init; }

    public long ToleratedFailureCount { get; init; }

    public double ToleratedFailurePercentage { get; init; }

    /// <summary>Of items.</summary>
    public MapRunCounts Items { get; init; } = new();

    /// <summary>Of executions; fewer than items when they come in batches.</summary>
    public MapRunCounts Executions { get; init; } = new();

    public int RedriveCount { get; init; }

    /// <summary>When it was redriven last; null when it never was.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }
}

/// <summary>How many there are in each state.</summary>
public sealed record MapRunCounts
{
    public int Pending { get; init; }

    public int Running { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    public int TimedOut { get; init; }

    public int Aborted { get; init; }

    public int ResultsWritten { get; init; }

    /// <summary>Those that did not succeed and are to be redriven.</summary>
    public int PendingRedrive { get; init; }

    public int Total { get; init; }
}
