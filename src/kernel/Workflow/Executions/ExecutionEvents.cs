using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

// WHAT HAPPENS TO AN EXECUTION
//
// An execution's state is the fold of these: the same events in the same order give the same state, history and
// effects. They are what a store has to keep. Each has the time at which it happened, by the clock of who tells it; the
// machine has none.
/// <summary>Something that happened to an execution.</summary>
/// <param name="At">When.</param>
public abstract record ExecutionEvent(DateTimeOffset At)
{
    /// <summary>It starts. The first event, once.</summary>
    /// <param name="At">When.</param>
    /// <param name="Input">Its input.</param>
    /// <param name="InputText">The input as it was sent; null to write it anew.</param>
    public sealed record Started(DateTimeOffset At, JsonValue Input, string? InputText = null) : ExecutionEvent(At)
    {
        /// <summary>Whether it waits for a place before its first state: until <see cref="Continued"/>.</summary>
        public bool IsHeld { get; init; }
    }

    /// <summary>A timer that was armed is due.</summary>
    public sealed record TimerFired(DateTimeOffset At, long TimerId) : ExecutionEvent(At);

    /// <summary>A worker took the activity's task.</summary>
    /// <param name="At">When.</param>
    /// <param name="TaskId">Which.</param>
    /// <param name="WorkerName">Null when it said none.</param>
    public sealed record ActivityTaken(DateTimeOffset At, long TaskId, string? WorkerName) : ExecutionEvent(At);

    /// <summary>The call answered, and what it started goes on (.sync, .waitForTaskToken).</summary>
    public sealed record TaskSubmitted(DateTimeOffset At, long TaskId, JsonValue Output) : ExecutionEvent(At);

    /// <summary>A task ended well.</summary>
    public sealed record TaskSucceeded(DateTimeOffset At, long TaskId, JsonValue Output) : ExecutionEvent(At);

    /// <summary>A task ended in an error.</summary>
    /// <param name="At">When.</param>
    /// <param name="TaskId">Which.</param>
    /// <param name="Error">The error's name; null when there is none.</param>
    /// <param name="Cause">In words; null when there are none.</param>
    /// <param name="Phase">How far it came.</param>
    public sealed record TaskFailed(
        DateTimeOffset At, long TaskId, string? Error, string? Cause, TaskPhase Phase = TaskPhase.Run)
        : ExecutionEvent(At);

    /// <summary>Whoever runs the task is alive.</summary>
    public sealed record TaskHeartbeat(DateTimeOffset At, long TaskId) : ExecutionEvent(At);

    /// <summary>The items of a distributed Map were read.</summary>
    public sealed record ItemsRead(DateTimeOffset At, long TaskId, JsonArray Items) : ExecutionEvent(At)
    {
        /// <summary>Where they come from, in their order; earlier versions did not say.</summary>
        public IReadOnlyList<ItemSource> Sources { get; init; } = [];
    }

    /// <summary>They could not be.</summary>
    public sealed record ItemsUnreadable(DateTimeOffset At, long TaskId, string Error, string? Cause)
        : ExecutionEvent(At);

    /// <summary>The execution of one item, or batch, of a distributed Map ended.</summary>
    /// <param name="At">When.</param>
    /// <param name="TaskId">The Map's.</param>
    /// <param name="Index">Which item or batch.</param>
    /// <param name="Status">How.</param>
    /// <param name="Output">When it succeeded.</param>
    /// <param name="Error">When it did not.</param>
    /// <param name="Cause">When it did not.</param>
    public sealed record ChildEnded(
        DateTimeOffset At,
        long TaskId,
        int Index,
        ExecutionStatus Status,
        JsonValue Output,
        string? Error,
        string? Cause)
        : ExecutionEvent(At)
    {
        /// <summary>Which redrive of the Map run it ran by; 0 for the first run.</summary>
        public int MapRedrive { get; init; }
    }

    /// <summary>The results of a distributed Map were written.</summary>
    /// <param name="At">When.</param>
    /// <param name="TaskId">The Map's.</param>
    /// <param name="Output">What the state hands on: where they are.</param>
    public sealed record ResultsWritten(DateTimeOffset At, long TaskId, JsonValue Output) : ExecutionEvent(At);

    /// <summary>They could not be.</summary>
    public sealed record ResultsUnwritable(DateTimeOffset At, long TaskId, string Error, string? Cause)
        : ExecutionEvent(At);

    /// <summary>UpdateMapRun. What is null stays.</summary>
    public sealed record MapRunChanged(
        DateTimeOffset At, long TaskId, long? MaxConcurrency, long? ToleratedCount, double? ToleratedPercentage)
        : ExecutionEvent(At);

    /// <summary>StopExecution.</summary>
    public sealed record Stopped(DateTimeOffset At, string? Error, string? Cause) : ExecutionEvent(At);

    /// <summary>RedriveExecution: what failed is done again.</summary>
    public sealed record Redriven(DateTimeOffset At) : ExecutionEvent(At)
    {
        /// <summary>
        /// Whether executions of distributed Maps are redriven too. Earlier versions started new ones, and what they
        /// redrove is folded as it happened.
        /// </summary>
        public bool IsDeep { get; init; }

        /// <summary>Which redrive of its Map run redrives it; 0 when it belongs to none.</summary>
        public int MapRedrive { get; init; }
    }

    /// <summary>The machine asked to be called again, so that others get their turn; or its turn has come.</summary>
    public sealed record Continued(DateTimeOffset At) : ExecutionEvent(At);
}

/// <summary>So many items, one after the other, come from one place.</summary>
/// <param name="Uri">As the context object has it: S3://bucket/key, or S3://bucket.</param>
/// <param name="Count">How many.</param>
public sealed record ItemSource(string Uri, int Count);

/// <summary>How far a task came before it failed.</summary>
public enum TaskPhase
{
    /// <summary>It could not even be scheduled: LambdaFunctionScheduleFailed, ActivityScheduleFailed.</summary>
    Schedule,

    /// <summary>It could not be started: TaskStartFailed, LambdaFunctionStartFailed.</summary>
    Start,

    /// <summary>The call that starts a job was refused: TaskSubmitFailed.</summary>
    Submit,

    /// <summary>It ran.</summary>
    Run,
}

/// <summary>How an execution is, by the service's names.</summary>
public enum ExecutionStatus
{
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    PendingRedrive,
}
