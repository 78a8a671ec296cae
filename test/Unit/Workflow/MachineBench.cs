using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>An execution whose world is a test: time passes and tasks end when it says so.</summary>
internal sealed class MachineBench
{
    private readonly SortedDictionary<(DateTimeOffset, long), long> _timers = [];
    private readonly Dictionary<long, (DateTimeOffset, long)> _due = [];

    public MachineBench(string definition, string seed = "seed")
    {
        var reading = DefinitionReader.Read(definition);
        Machine = reading.Machine ?? throw new InvalidOperationException(reading.Problem);
        Identity = new ExecutionIdentity
        {
            Id = "arn:aws:states:us-east-1:000000000000:execution:m:e",
            Name = "e",
            RoleArn = "arn:aws:iam::000000000000:role/r",
            StateMachineArn = "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            StateMachineName = "m",
            Seed = seed,
        };
    }

    public StateMachineDefinition Machine { get; }

    public ExecutionIdentity Identity { get; set; }

    public ExecutionState State { get; } = new();

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);

    public List<ExecutionEvent> Events { get; } = [];

    public List<HistoryEvent> History { get; } = [];

    public List<WorkflowEffect> Effects { get; } = [];

    public Queue<TaskInvocation> Tasks { get; } = [];

    public Queue<ChildStart> Children { get; } = [];

    public IEnumerable<string> Types => History.Select(happened => happened.Type.ToString());

    public void Start(string input = "{}") => Tell(new ExecutionEvent.Started(Now, JsonValue.Parse(input), input));

    public StepResult Tell(ExecutionEvent @event)
    {
        Events.Add(@event);
        var result = ExecutionMachine.Step(Machine, Identity, State, @event);
        History.AddRange(result.History);
        Effects.AddRange(result.Effects);
        foreach (var effect in result.Effects)
        {
            Take(effect);
        }

        return result;
    }

    public TaskInvocation Succeed(string output)
    {
        var task = Tasks.Dequeue();
        Tell(new ExecutionEvent.TaskSucceeded(Now, task.TaskId, JsonValue.Parse(output, JsonLimits.Widest)));
        return task;
    }

    public TaskInvocation Fail(string error, string cause = "why")
    {
        var task = Tasks.Dequeue();
        Tell(new ExecutionEvent.TaskFailed(Now, task.TaskId, error, cause));
        return task;
    }

    public void EndChild(string? output)
    {
        var child = Children.Dequeue();
        Tell(new ExecutionEvent.ChildEnded(
            Now,
            child.TaskId,
            child.Index,
            output is null ? ExecutionStatus.Failed : ExecutionStatus.Succeeded,
            output is null ? default : JsonValue.Parse(output),
            output is null ? "E" : null,
            null));
    }

    /// <summary>Lets time pass until the next timer, and says how long it was.</summary>
    public TimeSpan Wait()
    {
        var ((due, _), timer) = _timers.First();
        _timers.Remove(_timers.Keys.First());
        var waited = due - Now;
        Now = due;
        Tell(new ExecutionEvent.TimerFired(Now, timer));
        return waited;
    }

    /// <summary>Whether a turn that has had its share goes on at once.</summary>
    public bool Continues { get; set; } = true;

    public bool HasTimers => _timers.Count > 0;

    private void Take(WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.ArmTimer timer:
                _due[timer.TimerId] = (timer.Due, timer.TimerId);
                _timers.Add((timer.Due, timer.TimerId), timer.TimerId);
                break;
            case WorkflowEffect.DisarmTimer timer:
                _timers.Remove(_due[timer.TimerId]);
                break;
            case WorkflowEffect.StartTask start:
                Tasks.Enqueue(start.Task);
                break;
            case WorkflowEffect.StartChild start:
                Children.Enqueue(start.Child);
                break;
            case WorkflowEffect.Continue when Continues:
                Tell(new ExecutionEvent.Continued(Now));
                break;
        }
    }
}
