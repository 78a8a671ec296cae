using Analemma.Workflow.Executions;

namespace Analemma.Workflow.Hosting;

/// <summary>
/// What an execution has wanted done and not been told the end of: gathered while its events are folded, so that a
/// kernel that starts again does what the one before did not come to.
/// </summary>
public sealed class OpenWork
{
    private static readonly Dictionary<string, MapRunState> NoRuns = [];

    // Most executions that wait have none of them: there are thousands.
    private SortedDictionary<long, OpenTask>? _tasks;
    private SortedDictionary<long, WorkflowEffect>? _others;
    private SortedDictionary<(long Task, int Index), ChildStart>? _children;
    private Dictionary<string, MapRunState>? _runs;

    // Tasks that are not only waited for: an execution is asked after each step whether it only waits.
    private int _atWork;

    /// <summary>Tasks, oldest first.</summary>
    public IReadOnlyCollection<OpenTask> Tasks => _tasks is null ? [] : _tasks.Values;

    /// <summary>Items of distributed Maps that run.</summary>
    public IReadOnlyCollection<ChildStart> Children => _children is null ? [] : _children.Values;

    /// <summary>Items to read and results to write.</summary>
    public IReadOnlyCollection<WorkflowEffect> Others => _others is null ? [] : _others.Values;

    /// <summary>Whether the machine waits to be called again.</summary>
    public bool Continues { get; private set; }

    /// <summary>How each distributed Map stands.</summary>
    public IReadOnlyDictionary<string, MapRunState> MapRuns => _runs ?? NoRuns;

    /// <summary>Whether all of it is to be waited for, and nothing to be done.</summary>
    internal bool OnlyWaits => !Continues && _atWork == 0 && Others.Count == 0 && Children.Count == 0
        && (_runs is null || _runs.Values.All(run => run.EndedAt is not null));

    /// <summary>What is to be done again by whoever takes the execution up; timers are in its state.</summary>
    public IEnumerable<WorkflowEffect> Again()
    {
        IEnumerable<WorkflowEffect> again = Tasks.Select(open => new WorkflowEffect.StartTask(open.Task))
            .Concat<WorkflowEffect>(MapRuns.Values.Select(run => new WorkflowEffect.TellMapRun(run)))
            .Concat(Others)
            .Concat(Children.Select(child => new WorkflowEffect.StartChild(child)));
        return Continues ? again.Append(new WorkflowEffect.Continue()) : again;
    }

    /// <summary>How a task stands; null when it is not open.</summary>
    public OpenTask? Find(long taskId) => _tasks?.GetValueOrDefault(taskId);

    /// <summary>Maps that have ended are of the history before: without it there would be ever more.</summary>
    public void ForgetEndedRuns()
    {
        foreach (var run in MapRuns.Values.Where(run => run.EndedAt is not null).ToArray())
        {
            _runs!.Remove(run.Arn);
        }
    }

    /// <summary>Of a snapshot: a task that is open.</summary>
    internal void Restore(OpenTask open) => Put(open);

    /// <summary>Of a snapshot: something else that was wanted.</summary>
    internal void Restore(WorkflowEffect wanted) => Wanted(wanted);

    /// <summary>Takes in a step, in the order in which they happened.</summary>
    public void Happened(ExecutionEvent @event, StepResult result)
    {
        Continues = false;
        switch (@event)
        {
            case ExecutionEvent.TaskSubmitted submitted when Find(submitted.TaskId) is { } open:
                Submitted(open);
                break;
            case ExecutionEvent.ActivityTaken taken when Find(taken.TaskId) is { } open:
                Put(open with { IsSubmitted = true });
                break;
            case ExecutionEvent.TaskSucceeded ended:
                Ended(ended.TaskId, result);
                break;
            case ExecutionEvent.TaskFailed ended:
                Ended(ended.TaskId, result);
                break;
            case ExecutionEvent.ChildEnded ended:
                _children?.Remove((ended.TaskId, ended.Index));
                break;
            case ExecutionEvent.ItemsRead or ExecutionEvent.ItemsUnreadable
                or ExecutionEvent.ResultsWritten or ExecutionEvent.ResultsUnwritable:
                _others?.Remove(TaskOf(@event));
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
            Remove(taskId);
        }
        else if (Find(taskId) is { } open)
        {
            Put(open with { IsEnded = true });
        }
    }

    // With an end that came before, that is all.
    private void Submitted(OpenTask open)
    {
        if (open.IsEnded)
        {
            Remove(open.Task.TaskId);
        }
        else
        {
            Put(open with { IsSubmitted = true });
        }
    }

    private void Put(OpenTask open)
    {
        Remove(open.Task.TaskId);
        (_tasks ??= [])[open.Task.TaskId] = open;
        _atWork += IsAtWork(open) ? 1 : 0;
    }

    private void Remove(long taskId)
    {
        if (Find(taskId) is { } open)
        {
            _tasks!.Remove(taskId);
            _atWork -= IsAtWork(open) ? 1 : 0;
        }
    }

    private static bool IsAtWork(OpenTask open) =>
        open is not { IsSubmitted: true, IsEnded: false, Task.Credentials.IsUndefined: true };

    private void Wanted(WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.StartTask start:
                Put(new OpenTask(start.Task, IsSubmitted: false));
                break;
            case WorkflowEffect.CancelTask cancel:
                Remove(cancel.TaskId);
                break;
            case WorkflowEffect.ReadItems read:
                (_others ??= [])[read.TaskId] = read;
                break;
            case WorkflowEffect.WriteResults write:
                (_others ??= [])[write.TaskId] = write;
                break;
            case WorkflowEffect.StartChild start:
                (_children ??= [])[(start.Child.TaskId, start.Child.Index)] = start.Child;
                break;
            case WorkflowEffect.StopChildren stop:
                _others?.Remove(stop.TaskId);
                foreach (var child in Children.Where(child => child.TaskId == stop.TaskId).ToArray())
                {
                    _children!.Remove((child.TaskId, child.Index));
                }

                break;
            case WorkflowEffect.TellMapRun tell:
                (_runs ??= new Dictionary<string, MapRunState>(StringComparer.Ordinal))[tell.MapRun.Arn] = tell.MapRun;
                break;
            case WorkflowEffect.Continue:
                Continues = true;
                break;
            case WorkflowEffect.Finish:
                (_tasks, _others, _children, _atWork) = (null, null, null, 0);
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
