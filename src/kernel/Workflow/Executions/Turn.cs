using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>One call of the machine: what it may change, and what it has brought forth so far.</summary>
internal sealed class Turn(ExecutionIdentity identity, ExecutionState state, DateTimeOffset at)
{
    private readonly List<HistoryEvent> _history = [];
    private readonly List<WorkflowEffect> _effects = [];

    public ExecutionIdentity Identity => identity;

    public ExecutionState State => state;

    public DateTimeOffset At => at;

    public IReadOnlyList<HistoryEvent> History => _history;

    public IReadOnlyList<WorkflowEffect> Effects => _effects;

    /// <summary>Members of the context object that a test gives; undefined for none.</summary>
    public JsonValue GivenContext { get; init; }

    /// <summary>What the fields of states draw from; where it stands is part of the state.</summary>
    public IChance Chance { get; } = new StateChance(identity.Seed, state);

    public long NextId() => ++state.LastId;

    /// <summary>Writes an event of a scope.</summary>
    /// <param name="scope">Whose.</param>
    /// <param name="type">What happened.</param>
    /// <param name="details">Its details, undefined for none.</param>
    /// <param name="isAside">Whether what comes next does not follow from it.</param>
    /// <param name="after">The event that it follows, when it is not the scope's last one.</param>
    public long Write(
        Scope scope, HistoryEventType type, JsonValue details = default, bool isAside = false, long? after = null)
    {
        var id = ++state.LastEventId;
        _history.Add(new HistoryEvent(id, after ?? scope.LastEventId, at, type, details));
        if (!isAside)
        {
            scope.LastEventId = id;
        }

        return id;
    }

    /// <summary>Writes the first event.</summary>
    public void WriteStart(JsonValue details, string? inputText) =>
        _history.Add(new HistoryEvent(++state.LastEventId, 0, at, HistoryEventType.ExecutionStarted, details)
        {
            InputText = inputText,
        });

    /// <summary>Whether a task that was told of was there to hear it, even when nothing came of it yet.</summary>
    public bool IsHeard { get; set; }

    public void Want(WorkflowEffect effect) => _effects.Add(effect);

    public long Arm(TimerKind kind, DateTimeOffset due, Frame? frame)
    {
        TimerEntry timer = new(NextId(), kind, due, frame);
        state.Timers.Add(timer.Id, timer);
        Want(new WorkflowEffect.ArmTimer(timer.Id, due));
        return timer.Id;
    }

    public void Disarm(long timerId)
    {
        if (state.Timers.Remove(timerId))
        {
            Want(new WorkflowEffect.DisarmTimer(timerId));
        }
    }

    private sealed class StateChance(string seed, ExecutionState state) : IChance
    {
        public UInt128 Next() => SeededChance.Draw(seed, ++state.Draws);
    }
}

/// <summary>What one event brought forth.</summary>
/// <param name="History">Events to add to the history, in order.</param>
/// <param name="Effects">To be done once those are durable, in order.</param>
public sealed record StepResult(IReadOnlyList<HistoryEvent> History, IReadOnlyList<WorkflowEffect> Effects)
{
    /// <summary>Nothing came of it: the event was late, or told twice.</summary>
    public static StepResult Nothing { get; } = new([], []);

    /// <summary>
    /// Whether the event was about a task that still waited for it: a beat, an end, or the first of two ends that came
    /// before the call's own answer.
    /// </summary>
    public bool IsHeard { get; init; }
}
