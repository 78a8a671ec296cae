using Analemma.Workflow.Executions;

namespace Analemma.Workflow.Hosting;

/// <summary>
/// What an execution has wanted done and not been told the end of: gathered while its events are folded, so that a
/// kernel that starts again does what the one before did not come to.
/// </summary>
public sealed class OpenWork
{
    private readonly SortedDictionary<long, OpenTask> _tasks = [];
    private readonly SortedDictionary<long, WorkflowEffect> _others = [];
    private readonly SortedDictionary<(long Task, int Index), ChildStart> _children = [];

    /// <summary>Tasks, oldest first.</summary>
    public IReadOnlyCollection<OpenTask> Tasks => _tasks.Values;

    /// <summary>Items of distributed Maps that run.</summary>
    public IReadOnlyCollection<ChildStart> Children => _children.Values;

    /// <summary>Items to read and results to write.</summary>
    public IReadOnlyCollection<WorkflowEffect> Others => _others.Values;

    /// <summary>Whether the machine waits to be called again.</summary>
    public bool Continues { get; private set; }

    /// <summary>How each distributed Map stands.</summary>
    public Dictionary<string, MapRunState> MapRuns { get; } = new(StringComparer.Ordinal);

    /// <summary>What is to be done again by whoever takes the execution up; timers are in its state.</summary>
    public IEnumerable<WorkflowEffect> Again()
    {
        IEnumerable<WorkflowEffect> again = _tasks.Values.Select(open => new WorkflowEffect.StartTask(open.Task))
            .Concat<WorkflowEffect>(MapRuns.Values.Select(run => new WorkflowEffect.TellMapRun(run)))
            .Concat(_others.Values)
            .Concat(_children.Values.Select(child => new WorkflowEffect.StartChild(child)));
        return Continues ? again.Append(new WorkflowEffect.Continue()) : again;
    }

    /// <summary>How a task stands; null when it is not open.</summary>
    public OpenTask? Find(long taskId) => _tasks.GetValueOrDefault(taskId);

    /// <summary>Takes in a step, in the order in which they happened.</summary>
    public void Happened(ExecutionEvent @event, StepResult result)
    {
        Continues = false;
        switch (@event)
        {
            case ExecutionEvent.TaskSubmitted submitted when _tasks.TryGetValue(submitted.TaskId, out var open):
                Submitted(open);
                break;
            case ExecutionEvent.ActivityTaken taken when _tasks.TryGetValue(taken.TaskId, out var open):
                _tasks[taken.TaskId] = open with { IsSubmitted = true };
                break;
            case ExecutionEvent.TaskSucceeded ended:
                Ended(ended.TaskId, result);
                break;
            case ExecutionEvent.TaskFailed ended:
                Ended(ended.TaskId, result);
                break;
            case ExecutionEvent.ChildEnded ended:
                _children.Remove((ended.TaskId, ended.Index));
                break;
            case ExecutionEvent.ItemsRead or ExecutionEvent.ItemsUnreadable
                or ExecutionEvent.ResultsWritten or ExecutionEvent.ResultsUnwritable:
                _others.Remove(TaskOf(@event));
                break;
        }

        foreach (var effect in result.Effects)
        {
            Wanted(effect);
        }
    }

    // A token may come back before the call that carried it has answered: nothing comes of that yet, and the call is
    // still to be made by whoever takes the execution up.
    private void Ended(long taskId, StepResult result)
    {
        if (result.History.Count > 0)
        {
            _tasks.Remove(taskId);
        }
        else if (_tasks.TryGetValue(taskId, out var open))
        {
            _tasks[taskId] = open with { IsEnded = true };
        }
    }

    // With an end that came before, that is all.
    private void Submitted(OpenTask open)
    {
        if (open.IsEnded)
        {
            _tasks.Remove(open.Task.TaskId);
        }
        else
        {
            _tasks[open.Task.TaskId] = open with { IsSubmitted = true };
        }
    }

    private void Wanted(WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.StartTask start:
                _tasks[start.Task.TaskId] = new OpenTask(start.Task, IsSubmitted: false);
                break;
            case WorkflowEffect.CancelTask cancel:
                _tasks.Remove(cancel.TaskId);
                break;
            case WorkflowEffect.ReadItems read:
                _others[read.TaskId] = read;
                break;
            case WorkflowEffect.WriteResults write:
                _others[write.TaskId] = write;
                break;
            case WorkflowEffect.StartChild start:
                _children[(start.Child.TaskId, start.Child.Index)] = start.Child;
                break;
            case WorkflowEffect.StopChildren stop:
                _others.Remove(stop.TaskId);
                foreach (var key in _children.Keys.Where(key => key.Task == stop.TaskId).ToArray())
                {
                    _children.Remove(key);
                }

                break;
            case WorkflowEffect.TellMapRun tell:
                MapRuns[tell.MapRun.Arn] = tell.MapRun;
                break;
            case WorkflowEffect.Continue:
                Continues = true;
                break;
            case WorkflowEffect.Finish:
                _tasks.Clear();
                _others.Clear();
                _children.Clear();
                break;
        }
    }

    private static long TaskOf(ExecutionEvent @event) => @event switch
    {
        ExecutionEvent.ItemsRead read => read.TaskId,
        ExecutionEvent.ItemsUnreadable unreadable => unreadable.TaskId,
        ExecutionEvent.ResultsWritten written => written.TaskId,
        ExecutionEvent.ResultsUnwritable unwritable => unwritable.TaskId,
        _ => 0,
    };
}

/// <summary>A task that has not ended.</summary>
/// <param name="Task">Which.</param>
/// <param name="IsSubmitted">Whether what starts it is done: it is only waited for.</param>
public sealed record OpenTask(TaskInvocation Task, bool IsSubmitted)
{
    /// <summary>Whether its token has come back, so that nobody else can send it.</summary>
    public bool IsEnded { get; init; }
}
