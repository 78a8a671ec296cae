using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>
/// Where an execution stands: the fold of its events. Only <see cref="ExecutionMachine"/> changes it, and it has one
/// owner at a time.
/// </summary>
public sealed class ExecutionState
{
    public ExecutionStatus Status { get; internal set; } = ExecutionStatus.Running;

    public DateTimeOffset StartedAt { get; internal set; }

    public DateTimeOffset? EndedAt { get; internal set; }

    public JsonValue Input { get; internal set; }

    /// <summary>When it succeeded.</summary>
    public JsonValue Output { get; internal set; }

    public string? Error { get; internal set; }

    public string? Cause { get; internal set; }

    public int RedriveCount { get; internal set; }

    /// <summary>When it was redriven last; null when it never was.</summary>
    public DateTimeOffset? RedrivenAt { get; internal set; }

    /// <summary>Which redrive of its Map run it was redriven by; 0 for none.</summary>
    public int MapRedrive { get; internal set; }

    /// <summary>Of the history.</summary>
    public long LastEventId { get; internal set; }

    /// <summary>Whether it has begun, and waits for a place before its first state.</summary>
    public bool IsHeld { get; internal set; }

    /// <summary>Whether it has begun.</summary>
    public bool IsStarted => Root is not null;

    public bool IsOver => IsStarted && Status is not ExecutionStatus.Running;

    internal Scope? Root { get; set; }

    internal long LastId { get; set; }

    internal long Draws { get; set; }

    internal Queue<Entry> Ready { get; } = [];

    internal SortedDictionary<long, TimerEntry> Timers { get; } = [];

    /// <summary>Frames that wait for something outside, by the id that its events name.</summary>
    internal SortedDictionary<long, Frame> Tasks { get; } = [];

    /// <summary>Timers that are armed.</summary>
    public IEnumerable<WorkflowEffect.ArmTimer> OpenTimers() =>
        Timers.Values.Select(timer => new WorkflowEffect.ArmTimer(timer.Id, timer.Due));

    /// <summary>Tasks that run.</summary>
    public IEnumerable<TaskInvocation> OpenTasks() =>
        Tasks.Values.Select(frame => frame.Task?.Invocation).OfType<TaskInvocation>();

    /// <summary>Names of the states that are entered and not left, outermost first.</summary>
    public IEnumerable<string> OpenStates() => Root is null ? [] : Open(Root).Select(frame => frame.State.Name);

    internal static IEnumerable<Frame> Open(Scope scope) =>
        scope.Frame is { } frame ? frame.Scopes().SelectMany(Open).Prepend(frame) : [];
}

/// <summary>A state that is to be entered.</summary>
internal sealed record Entry(Scope Scope, string Name, JsonValue Input);

/// <summary>What a timer is for.</summary>
internal enum TimerKind
{
    Wait,
    Retry,
    TaskTimeout,
    TaskHeartbeat,
    ExecutionTimeout,
}

/// <summary>A timer that is armed.</summary>
internal sealed record TimerEntry(long Id, TimerKind Kind, DateTimeOffset Due, Frame? Frame);
