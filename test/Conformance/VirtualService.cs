using System.Globalization;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Snapshots;

namespace Analemma.Conformance.Tests;

/// <summary>State machines and executions in memory, on a clock of their own: a year of waiting takes none.</summary>
internal sealed class VirtualService
{
    private const string Prefix = "arn:aws:states:us-east-1:000000000000";

    private readonly Dictionary<string, (string Name, string Text, StateMachineDefinition Machine)> _machines = [];
    private readonly Dictionary<string, VirtualExecution> _executions = [];
    private int _made;

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);

    public JsonValue Create(JsonObject arguments)
    {
        var text = arguments["definition"].AsString();
        var isExpress = arguments["type"].TryGetString(out var type) && type == "EXPRESS";
        var reading = DefinitionReader.Read(text, isExpress);
        if (reading.Machine is null)
        {
            return Refusal("InvalidDefinition", InvalidDefinition.Message(reading, text));
        }

        var arn = $"{Prefix}:stateMachine:{arguments["name"].AsString()}";
        _machines[arn] = (arguments["name"].AsString(), text, reading.Machine);
        return JsonObject.Of(("stateMachineArn", arn), ("creationDate", Seconds()));
    }

    public static JsonValue Validate(JsonObject arguments)
    {
        var isExpress = arguments["type"].TryGetString(out var type) && type == "EXPRESS";
        var reading = DefinitionReader.Read(arguments["definition"].AsString(), isExpress);
        JsonArrayBuilder diagnostics = new();
        foreach (var found in reading.Diagnostics)
        {
            JsonObjectBuilder one = new();
            one.Set("severity", found.Severity).Set("code", found.Code).Set("message", found.Message);
            diagnostics.Add(one.Set("location", found.Location is null ? default(JsonValue) : found.Location).Build());
        }

        return JsonObject.Of(
            ("result", reading.Machine is null ? "FAIL" : "OK"),
            ("diagnostics", diagnostics.Build()),
            ("truncated", false));
    }

    public JsonValue Start(JsonObject arguments)
    {
        var (name, _, machine) = _machines[arguments["stateMachineArn"].AsString()];
        var execution = FormattableString.Invariant($"00000000-0000-4000-8000-{++_made:d12}");
        var arn = $"{Prefix}:execution:{name}:{execution}";
        var input = arguments["input"].TryGetString(out var text) ? text : "{}";
        if (!ExecutionInput.TryParse(input, out var value, out var problem))
        {
            return Refusal("InvalidExecutionInput", $"Invalid State Machine Execution Input: '{problem}'");
        }

        ExecutionIdentity identity = new()
        {
            Id = arn,
            Name = execution,
            RoleArn = "arn:aws:iam::000000000000:role/a",
            StateMachineArn = arguments["stateMachineArn"].AsString(),
            StateMachineName = name,
            Seed = execution,
        };
        VirtualExecution made = new(machine, identity);
        _executions.Add(arn, made);
        made.Tell(new ExecutionEvent.Started(Now, value, input));
        Run(made);
        made.CheckReplay();
        return JsonObject.Of(("executionArn", arn), ("startDate", Seconds()));
    }

    public JsonValue History(string arn)
    {
        JsonArrayBuilder events = new();
        foreach (var happened in _executions[arn].History)
        {
            events.Add(happened.ToService());
        }

        return JsonObject.Of(("events", events.Build()));
    }

    /// <summary>The variables that states of a machine read, by state; undefined for none.</summary>
    public JsonValue VariablesOf(string arn)
    {
        JsonObjectBuilder made = new();
        foreach (var state in _machines[arn].Machine.AllStates())
        {
            JsonArrayBuilder names = new();
            foreach (var name in state.VariableReferences())
            {
                names.Add(name);
            }

            made.Set(state.Name, names.Count > 0 ? names.Build() : default(JsonValue));
        }

        return made.Count > 0 ? made.Build() : default(JsonValue);
    }

    public static JsonValue Refusal(string code, string message) => JsonObject.Of(
        ("Error", JsonObject.Of(("Code", code), ("Message", message))), ("message", message));

    // Until it is over, or waits for what never comes.
    private void Run(VirtualExecution execution)
    {
        while (!execution.State.IsOver && execution.NextDue() is { } due)
        {
            Now = due.At > Now ? due.At : Now;
            execution.Tell(due.Make(Now));
        }
    }

    private JsonValue Seconds() => Now.ToUnixTimeMilliseconds() / 1000.0;
}

/// <summary>One execution, and those of its distributed Maps.</summary>
internal sealed class VirtualExecution(StateMachineDefinition machine, ExecutionIdentity identity)
{
    /// <summary>Of one execution: a check takes as many steps as the execution has.</summary>
    private const int SnapshotsMax = 50;

    private readonly PriorityQueue<Due, (DateTimeOffset, long)> _due = new();
    private readonly HashSet<long> _disarmed = [];
    private long _order;

    public ExecutionState State { get; } = new();

    public List<HistoryEvent> History { get; } = [];

    public List<ExecutionEvent> Events { get; } = [];

    /// <summary>Null when it waits for nothing.</summary>
    public Due? NextDue() => _due.TryDequeue(out var due, out _) ? due : null;

    public void Tell(ExecutionEvent @event)
    {
        if (@event is ExecutionEvent.TimerFired fired && _disarmed.Contains(fired.TimerId))
        {
            return;
        }

        Events.Add(@event);
        var result = ExecutionMachine.Step(machine, identity, State, @event);
        History.AddRange(result.History);
        foreach (var effect in result.Effects)
        {
            Do(effect, @event.At);
        }
    }

    /// <summary>The same events, again, give the same history.</summary>
    public void CheckReplay()
    {
        ExecutionState again = new();
        var history = Events.SelectMany(
            happened => ExecutionMachine.Step(machine, identity, again, happened).History).ToList();
        if (!history.SequenceEqual(History))
        {
            throw new InvalidOperationException($"{identity.Id}: a replay comes to another history");
        }

        for (var at = 1; at <= Math.Min(Events.Count, SnapshotsMax); at++)
        {
            CheckSnapshot(at);
        }
    }

    // A snapshot at an event, read back, and the events after it give the same history too.
    private void CheckSnapshot(int at)
    {
        ExecutionReplay first = new(machine, identity);
        var history = Events.Take(at).SelectMany(happened => first.Add(happened).History).ToList();
        List<PagedPayload> beside = [];
        var again = ExecutionSnapshot.Read(
            ExecutionSnapshot.Write(first.State, first.Open, first.LastAt, [], beside),
            machine,
            identity,
            (reference, _) => JsonValue.Parse(
                beside.First(page => page.Reference == reference).Value.ToUtf8(JsonWriteOptions.Service),
                JsonLimits.Widest));
        history.AddRange(Events.Skip(at).SelectMany(happened => again.Add(happened).History));
        if (!history.SequenceEqual(History))
        {
            throw new InvalidOperationException(
                $"{identity.Id}: what follows a snapshot at step {at} is another history");
        }
    }

    private void Do(WorkflowEffect effect, DateTimeOffset at)
    {
        switch (effect)
        {
            case WorkflowEffect.ArmTimer timer:
                Add(timer.Due, now => new ExecutionEvent.TimerFired(now, timer.TimerId));
                break;
            case WorkflowEffect.DisarmTimer timer:
                _disarmed.Add(timer.TimerId);
                break;
            case WorkflowEffect.Continue:
                Add(at, now => new ExecutionEvent.Continued(now));
                break;
            case WorkflowEffect.StartChild child:
                Add(at, now => RunChild(child.Child, now));
                break;
        }
    }

    private void Add(DateTimeOffset at, Func<DateTimeOffset, ExecutionEvent> make) =>
        _due.Enqueue(new Due(at, make), (at, _order++));

    private ExecutionEvent.ChildEnded RunChild(ChildStart start, DateTimeOffset now)
    {
        var child = new VirtualExecution(
            start.Machine,
            identity with
            {
                Id = $"{identity.Id}/{start.Name}",
                Name = start.Name,
                Seed = string.Create(CultureInfo.InvariantCulture, $"{identity.Seed}/{start.Index}"),
            });
        child.Tell(new ExecutionEvent.Started(now, start.Input));
        while (!child.State.IsOver && child.NextDue() is { } due)
        {
            child.Tell(due.Make(due.At));
        }

        return new ExecutionEvent.ChildEnded(
            now,
            start.TaskId,
            start.Index,
            child.State.Status,
            child.State.Output,
            child.State.Error,
            child.State.Cause);
    }
}

/// <summary>Something that will happen.</summary>
internal sealed record Due(DateTimeOffset At, Func<DateTimeOffset, ExecutionEvent> Make);
