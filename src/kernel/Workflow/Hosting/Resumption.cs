using Analemma.Workflow.Executions;

namespace Analemma.Workflow.Hosting;

// ORPHANS
//
//   parent ─► commit: it waits no more ─► StopChildren, CancelTask ─► child: Stopped
//                                      └─ killed here: nobody stops the child, and nothing on disk says so
//
// So whoever takes executions up asks of each that was started to be waited for whether its parent, as it is on disk,
// still waits for it. If not it is stopped, as the parent would have done; to stop one twice changes nothing.
/// <summary>
/// What whoever takes an execution up has to do again, as it was when it was restored: doing it lets things happen to
/// the execution.
/// </summary>
public sealed class Resumption
{
    private Dictionary<(long Task, int Index), ChildStart>? _children;
    private HashSet<long>? _tasks;

    /// <param name="restored">What the store has of it.</param>
    public Resumption(ExecutionReplay restored)
        : this(
            restored.State.IsHeld,
            [.. restored.State.OpenTimers()],
            [
                .. restored.Open.Again().Select(effect => (
                    effect, effect is WorkflowEffect.StartTask start ? restored.Open.Find(start.Task.TaskId) : null)),
            ])
    {
    }

    /// <param name="waiting">What the execution waits for; it does nothing else.</param>
    public Resumption(WaitingWork waiting)
        : this(
            waiting.IsHeld,
            waiting.Timers,
            [
                .. waiting.Tasks.Select(open => (
                    (WorkflowEffect)new WorkflowEffect.StartTask(open.Task), (OpenTask?)open)),
            ])
    {
    }

    private Resumption(
        bool isHeld,
        IReadOnlyList<WorkflowEffect.ArmTimer> timers,
        IReadOnlyList<(WorkflowEffect Effect, OpenTask? Task)> again) =>
        (IsHeld, Timers, Again) = (isHeld, timers, again);

    /// <summary>Whether it waits for its place.</summary>
    public bool IsHeld { get; }

    /// <summary>Timers to arm.</summary>
    public IReadOnlyList<WorkflowEffect.ArmTimer> Timers { get; }

    /// <summary>What else is to be done, with how the task stands when it is one.</summary>
    public IReadOnlyList<(WorkflowEffect Effect, OpenTask? Task)> Again { get; }

    private Dictionary<(long Task, int Index), ChildStart> Children =>
        _children ??= Again.Select(each => each.Effect).OfType<WorkflowEffect.StartChild>()
            .ToDictionary(start => (start.Child.TaskId, start.Child.Index), start => start.Child);

    private HashSet<long> Tasks => _tasks ??= [.. Again.Select(each => each.Task?.Task.TaskId).OfType<long>()];

    /// <summary>Whether it still waits for the end of an execution that it started.</summary>
    public bool WaitsFor(AwaitedChild child) => child.Index is { } index
        ? Children.TryGetValue((child.TaskId, index), out var start)
            && (start.Name == child.Name || start is { IsAgain: true, IsExpress: false })
        : Tasks.Contains(child.TaskId);
}

/// <summary>What an execution was started for by one that waits for it.</summary>
/// <param name="TaskId">The parent's task, or distributed Map.</param>
/// <param name="Index">Which item of the Map; null when a task started it.</param>
/// <param name="Name">Of the execution: an item that is run anew has another; redriven it has the same.</param>
public readonly record struct AwaitedChild(long TaskId, int? Index, string Name);
