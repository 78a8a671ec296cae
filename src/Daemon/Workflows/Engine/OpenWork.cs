using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// What an execution has wanted done and not been told the end of: gathered while its events are folded, so that a
/// kernel that starts again does what the one before did not come to.
/// </summary>
internal sealed class OpenWork
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

    public void Happened(ExecutionEvent @event, IReadOnlyList<WorkflowEffect> effects)
    {
        Continues = false;
        switch (@event)
        {
            case ExecutionEvent.TaskSubmitted submitted when _tasks.TryGetValue(submitted.TaskId, out var open):
                _tasks[submitted.TaskId] = open with { IsSubmitted = true };
                break;
            case ExecutionEvent.ActivityTaken taken when _tasks.TryGetValue(taken.TaskId, out var open):
                _tasks[taken.TaskId] = open with { IsSubmitted = true };
                break;
            case ExecutionEvent.TaskSucceeded ended:
                _tasks.Remove(ended.TaskId);
                break;
            case ExecutionEvent.TaskFailed ended:
                _tasks.Remove(ended.TaskId);
                break;
            case ExecutionEvent.ChildEnded ended:
                _children.Remove((ended.TaskId, ended.Index));
                break;
            case ExecutionEvent.ItemsRead or ExecutionEvent.ItemsUnreadable
                or ExecutionEvent.ResultsWritten or ExecutionEvent.ResultsUnwritable:
                _others.Remove(TaskOf(@event));
                break;
        }

        foreach (var effect in effects)
        {
            Wanted(effect);
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
internal sealed record OpenTask(TaskInvocation Task, bool IsSubmitted);
