using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Records;

namespace Analemma.Simulator.Workflows;

// WHAT MUST BE TRUE OF EVERY EXECUTION
//
// The shadow reads each step as the disk has it and folds it again, by itself: what the host believes is compared with
// that, and never with what the host says.
/// <summary>The fold of what is on disk of one execution, and what must hold of it.</summary>
internal sealed class ExecutionShadow(WorkflowMachine machine, ExecutionIdentity identity)
{
    private readonly ExecutionState _state = new();
    private readonly Dictionary<long, DateTimeOffset> _armed = [];
    private readonly HashSet<long> _timers = [];
    private readonly HashSet<long> _fired = [];
    private readonly HashSet<long> _ended = [];
    private readonly HashSet<long> _wanted = [];
    private readonly HashSet<long> _told = [];
    private readonly HashSet<string> _items = new(StringComparer.Ordinal);
    private readonly HashSet<long> _stoppedMaps = [];
    private DateTimeOffset _lastAt;

    public OpenWork Open { get; } = new();

    public bool IsOver => _state.IsOver;

    public ExecutionStatus Status => _state.Status;

    /// <summary>Which redrive of its Map run it ran by last.</summary>
    public int MapRedrive => _state.MapRedrive;

    /// <summary>Whether a host that starts finds that nobody waits for it.</summary>
    public bool IsOrphan { get; set; }

    /// <summary>What it waits for, for a report.</summary>
    public string Waits =>
        $"tasks {string.Join(", ", Open.Tasks.Select(open => $"{open.Task.Resource.Arn} {open.IsSubmitted}"))}, "
        + $"timers {string.Join(", ", _armed.Select(timer => $"{timer.Key} {timer.Value:O}"))}";

    public IEnumerable<string> OpenStates => _state.OpenStates();

    /// <summary>Event types that its history has.</summary>
    public HashSet<HistoryEventType> Types { get; } = [];

    /// <summary>A step is on disk.</summary>
    public void Kept(byte[] bytes, HostTurnView? host)
    {
        var @event = StepRecord.ReadEvent(bytes);
        var result = ExecutionMachine.Step(machine.Definition, identity, _state, @event);
        Must(
            StepRecord.Write(@event, result.History).AsSpan().SequenceEqual(bytes),
            "a history is the fold of its events", $"{@event} folds otherwise");
        Must(
            host is null || host == HostTurnView.Of(_state), "a state is the fold of what is on disk",
            $"{host} after {@event}");
        Must(@event.At >= _lastAt, "time does not go back", $"{@event} after {_lastAt:O}");
        _lastAt = @event.At;
        Won(@event, result);
        foreach (var effect in result.Effects)
        {
            Wanted(effect);
        }

        IsOrphan &= @event is not ExecutionEvent.Redriven;
        Open.Happened(@event, result);
        Types.UnionWith(result.History.Select(line => line.Type));
    }

    /// <summary>Whether it has asked for the items of a Map to be stopped, and for none since.</summary>
    public bool HasStopped(long mapTaskId) => _stoppedMaps.Contains(mapTaskId);

    /// <summary>How it ended, for who waits for it.</summary>
    public ExecutionEvent.ChildEnded EndAsItem(DateTimeOffset at, ChildStart start) => new(
        at, start.TaskId, start.Index, _state.Status, _state.Output, _state.Error, _state.Cause)
    {
        MapRedrive = Math.Max(start.MapRedrive, _state.MapRedrive),
    };

    /// <summary>A host does an effect.</summary>
    public void Done(WorkflowEffect effect)
    {
        var isWork = effect is WorkflowEffect.StartTask or WorkflowEffect.StartChild or WorkflowEffect.ArmTimer;
        Must(
            !IsOrphan || !isWork,
            "who is waited for by nobody does nothing more", $"{identity.Id}: {effect.GetType().Name}");
        switch (effect)
        {
            case WorkflowEffect.StartTask start:
                Must(
                    _wanted.Contains(start.Task.TaskId), "an effect leaves when what led to it is on disk",
                    $"{identity.Id} starts task {start.Task.TaskId}");
                break;
            case WorkflowEffect.ArmTimer arm:
                Must(
                    _timers.Contains(arm.TimerId), "an effect leaves when what led to it is on disk",
                    $"{identity.Id} arms timer {arm.TimerId}");
                break;
            case WorkflowEffect.StartChild start:
                Must(
                    _items.Contains(start.Child.Name), "an effect leaves when what led to it is on disk",
                    $"{identity.Id} starts item {start.Child.Index}");
                break;
            case WorkflowEffect.Finish:
                Must(_state.IsOver, "an effect leaves when what led to it is on disk", $"{identity.Id} finishes");
                break;
        }
    }

    /// <summary>A host takes it up by what it is said to wait for.</summary>
    public void Sleeps(byte[] waits) => Must(
        WaitingWork.Of(_state, Open)?.Write() is { } found && found.AsSpan().SequenceEqual(waits),
        "who only waits waits for what its fold does", $"{identity.Id}: {Waits}");

    /// <summary>A sender was told that what it sent ended the task.</summary>
    public void Accepted(long taskId)
    {
        Must(_told.Add(taskId), "a token has one winner", $"task {taskId} of {identity.Id}");
        Must(
            _ended.Contains(taskId), "who is told that a task has ended is told what is on disk",
            $"task {taskId} of {identity.Id}");
    }

    private void Won(ExecutionEvent @event, StepResult result)
    {
        var made = result.History.Count > 0 || result.Effects.Count > 0;
        switch (@event)
        {
            case ExecutionEvent.TimerFired fired when made:
                Must(
                    _armed.Remove(fired.TimerId, out var due) && _fired.Add(fired.TimerId), "a timer fires once",
                    $"timer {fired.TimerId} of {identity.Id}");
                Must(fired.At >= due, "a timer does not fire early", $"timer {fired.TimerId} of {identity.Id}");
                break;
            case ExecutionEvent.TaskSucceeded ended:
                Must(!made || _ended.Add(ended.TaskId), "a task ends once", $"task {ended.TaskId} of {identity.Id}");
                _ended.Add(ended.TaskId);
                break;
            case ExecutionEvent.TaskFailed ended:
                Must(!made || _ended.Add(ended.TaskId), "a task ends once", $"task {ended.TaskId} of {identity.Id}");
                _ended.Add(ended.TaskId);
                break;
        }
    }

    private void Wanted(WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.StartTask start:
                Must(_wanted.Add(start.Task.TaskId), "a task is wanted once", $"{start.Task.TaskId} of {identity.Id}");
                break;
            case WorkflowEffect.StartChild start:
                _items.Add(start.Child.Name);
                _stoppedMaps.Remove(start.Child.TaskId);
                break;
            case WorkflowEffect.StopChildren stop:
                _stoppedMaps.Add(stop.TaskId);
                break;
            case WorkflowEffect.CancelTask cancel:
                _ended.Add(cancel.TaskId);
                break;
            case WorkflowEffect.ArmTimer arm:
                _armed[arm.TimerId] = arm.Due;
                _timers.Add(arm.TimerId);
                break;
            case WorkflowEffect.DisarmTimer disarm:
                _armed.Remove(disarm.TimerId);
                break;
        }
    }

    private static void Must(bool holds, string invariant, string detail) =>
        ViolationException.Unless(holds, invariant, detail);
}
