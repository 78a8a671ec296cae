using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;

namespace Analemma.Workflow.Snapshots;

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote: the state first.</summary>
internal sealed class SnapshotReader(
    StateMachineDefinition definition, ExecutionIdentity identity, SnapshotValues values)
{
    private readonly Dictionary<long, TaskInvocation> _tasks = [];
    private JsonArray _scopesWritten = JsonArray.Empty;
    private JsonArray _framesWritten = JsonArray.Empty;
    private Scope?[] _scopes = [];
    private Frame?[] _frames = [];
    private int _depth;

    public ExecutionState State(JsonObject written)
    {
        (_scopesWritten, _framesWritten) = (written["scopes"].AsArray(), written["frames"].AsArray());
        (_scopes, _frames) = (new Scope?[_scopesWritten.Count], new Frame?[_framesWritten.Count]);
        ExecutionState state = new()
        {
            Status = Word<ExecutionStatus>(written["status"]),
            StartedAt = Time(written["started"]),
            EndedAt = MaybeTime(written["ended"]),
            Input = values.Read(written["in"]),
            Output = values.Read(written["out"]),
            Error = MaybeText(written["error"]),
            Cause = MaybeText(written["cause"]),
            RedriveCount = Whole(written["redrives"]),
            LastEventId = Number(written["event"]),
            IsHeld = written["held"].AsBoolean(),
            LastId = Number(written["id"]),
            Draws = Number(written["draws"]),
            MapRedrive = WholeOrNone(written["map_redrive"]),
            RedrivenAt = MaybeTime(written["redriven"]),
            Root = ScopeAt(written["root"]),
        };
        foreach (var entry in written["ready"].AsArray())
        {
            state.Ready.Enqueue(new Entry(ScopeAt(entry[0])!, entry[1].AsString(), values.Read(entry[2])));
        }

        foreach (var timer in written["timers"].AsArray())
        {
            var id = Number(timer[0]);
            state.Timers.Add(
                id, new TimerEntry(id, Word<TimerKind>(timer[1]), Time(timer[2]), FrameAt(timer[3])));
        }

        foreach (var task in written["tasks"].AsArray())
        {
            state.Tasks.Add(Number(task[0]), FrameAt(task[1])!);
        }

        return state;
    }

    public OpenWork Open(JsonObject written)
    {
        foreach (var call in written["calls"].AsArray())
        {
            _tasks.Add(Number(call["id"]), Invocation(call));
        }

        // Now that tasks are known, and all frames are there.
        for (var i = 0; i < _scopes.Length; i++)
        {
            Fill(ScopeAt(i)!, _scopesWritten[i]);
        }

        for (var i = 0; i < _frames.Length; i++)
        {
            Fill(FrameAt(i)!, _framesWritten[i]);
        }

        OpenWork open = new();
        foreach (var task in written["tasks"].AsArray())
        {
            open.Restore(new OpenTask(_tasks[Number(task[0])], task[1].AsBoolean()) { IsEnded = task[2].AsBoolean() });
        }

        foreach (var other in written["others"].AsArray())
        {
            open.Restore(Other(other));
        }

        foreach (var child in written["children"].AsArray())
        {
            open.Restore(new WorkflowEffect.StartChild(Child(child)));
        }

        foreach (var run in written["runs"].AsArray())
        {
            open.Restore(new WorkflowEffect.TellMapRun(Run(run)));
        }

        if (written["continues"].AsBoolean())
        {
            open.Restore(new WorkflowEffect.Continue());
        }

        return open;
    }

    public static IReadOnlyList<HistorySegment> Segments(JsonValue written) => written.IsUndefined ? [] : Many(
        written, segment => new HistorySegment(Number(segment[0]), Number(segment[1]), Time(segment[2])));

    public static DateTimeOffset Time(JsonValue value) => new(Number(value), TimeSpan.Zero);

    private Scope? ScopeAt(JsonValue number)
    {
        var at = Whole(number);
        if (at < 0)
        {
            return null;
        }

        if (_scopes[at] is not { } scope)
        {
            var written = _scopesWritten[at];
            var owner = Deeper(() => FrameAt(written["owner"]));
            var index = Whole(written["index"]);
            var machine = owner?.State switch
            {
                null => definition,
                ParallelDefinition parallel => parallel.Branches[index],
                MapDefinition map => map.Processor,
                var other => throw new SnapshotException($"has a machine inside '{other.Name}', which has none"),
            };
            _scopes[at] = scope = new Scope(machine, owner, index);
        }

        return scope;
    }

    private Frame? FrameAt(JsonValue number)
    {
        var at = Whole(number);
        if (at < 0)
        {
            return null;
        }

        if (_frames[at] is not { } frame)
        {
            var written = _framesWritten[at];
            var scope = Deeper(() => ScopeAt(written["scope"]))!;
            _frames[at] = frame = new Frame(
                scope,
                scope.Machine.States[written["state"].AsString()],
                values.Read(written["in"]),
                Time(written["at"]));
        }

        return frame;
    }

    // What is within each other has an end in every state that there can be.
    private T Deeper<T>(Func<T> read)
    {
        if (++_depth > 2 * JsonLimits.DepthCeiling)
        {
            throw new SnapshotException("has scopes that are within themselves");
        }

        var found = read();
        _depth--;
        return found;
    }

    private void Fill(Scope scope, JsonValue written)
    {
        JsonObjectBuilder variables = new();
        foreach (var (name, slot) in written["vars"].AsObject())
        {
            variables.Set(name, values.Read(slot));
        }

        scope.Variables = variables.Count == 0 ? JsonObject.Empty : variables.Build();
        scope.Frame = FrameAt(written["frame"]);
        scope.LastEventId = Number(written["event"]);
        scope.Item = Item(written["item"]);
        scope.IsOver = written["over"].AsBoolean();
    }

    private void Fill(Frame frame, JsonValue written)
    {
        frame.EnteredId = Number(written["entered"]);
        frame.BeforeId = Number(written["before"]);
        frame.RetryCount = Whole(written["retries"]);
        frame.Attempts = written["attempts"].IsUndefined ? null : Many(written["attempts"], Whole);
        frame.Token = MaybeText(written["token"]);
        frame.Item = Item(written["item"]);
        frame.TimerId = Number(written["timer"]);
        frame.Task = written["task"].TryGetObject(out var task) ? Task(task) : null;
        frame.Branches = written["branches"].TryGetObject(out var branches) ? Branches(branches) : null;
        frame.Distributed = written["map"].TryGetObject(out var map) ? Distributed(map) : null;
    }

    private TaskRun Task(JsonObject written) => new(_tasks[Number(written["id"])])
    {
        TimeoutTimerId = Number(written["timeout"]),
        HeartbeatTimerId = Number(written["heartbeat"]),
        IsSubmitted = written["submitted"].AsBoolean(),
        EarlyEnd = written["end"].TryGetArray(out var end)
            ? EventCodec.Read(end[0].AsObject().With("output", values.Read(end[1])))
            : null,
    };

    private BranchesRun Branches(JsonObject written)
    {
        var results = Many(written["results"], values.Read);
        BranchesRun run = new(results.Length)
        {
            Done = Whole(written["done"]),
            Next = Whole(written["next"]),
            Items = values.Read(written["items"]).AsArray(),
            ConcurrencyMax = Whole(written["most"]),
            Input = values.Read(written["in"]),
        };
        results.CopyTo(run.Results, 0);
        run.Scopes.AddRange(Many(written["scopes"], number => ScopeAt(number)!));
        return run;
    }

    private DistributedRun Distributed(JsonObject written)
    {
        DistributedRun run = new(
            Number(written["id"]), written["arn"].AsString(), Time(written["started"]))
        {
            Input = values.Read(written["in"]),
            Inputs = written["inputs"].IsUndefined ? null : [.. Many(written["inputs"], values.Read)],
            Sizes = [.. Many(written["sizes"], Whole)],
            Next = Whole(written["next"]),
            Running = Whole(written["running"]),
            Results = Many(written["results"], values.Read),
            Ended = Many(written["ends"], end => end.IsNull ? (ExecutionStatus?)null : Word<ExecutionStatus>(end)),
            MaxConcurrency = Number(written["most"]),
            ToleratedCount = Number(written["count"]),
            ToleratedPercentage = written["percentage"].AsDouble(),
            RedriveCount = Whole(written["redrives"]),
            RedrivenAt = MaybeTime(written["redriven"]),
            Generation = WholeOrNone(written["generation"]),
            IsWriting = written["writing"].AsBoolean(),
            IsFailing = written["failing"].IsTrue,
        };
        foreach (var index in written["again"].AsArray())
        {
            run.Again.Enqueue(Whole(index));
        }

        return run;
    }

    private TaskInvocation Invocation(JsonValue written)
    {
        var id = Number(written["id"]);
        var resource = written["resource"].AsString();
        return new TaskInvocation(
            id,
            identity,
            written["state"].AsString(),
            TaskResource.TryParse(resource) ?? throw new SnapshotException($"has a task of '{resource}'"),
            values.Read(written["in"]))
        {
            RetryCount = Whole(written["retries"]),
            TimeoutSeconds = MaybeNumber(written["timeout"]),
            HeartbeatSeconds = MaybeNumber(written["heartbeat"]),
            Credentials = values.Read(written["credentials"]),
        };
    }

    private WorkflowEffect Other(JsonValue written)
    {
        if (written["read"].IsDefined)
        {
            var id = Number(written["read"]);
            return new WorkflowEffect.ReadItems(
                id, MapOf(id).Reader!, values.Read(written["parameters"]), MaybeNumber(written["most"]));
        }

        var task = Number(written["write"]);
        return new WorkflowEffect.WriteResults(
            task,
            MapOf(task).Results,
            values.Read(written["parameters"]),
            written["run"].AsString(),
            JsonArray.Of(Many(written["results"], values.Read)))
        {
            IsFailed = written["failed"].IsTrue,
            Open = written["open"].IsUndefined ? JsonArray.Empty : JsonArray.Of(Many(written["open"], values.Read)),
        };
    }

    // The frame that waits for it.
    private MapDefinition MapOf(long task) =>
        _frames.FirstOrDefault(frame => frame?.Distributed?.TaskId == task)?.State as MapDefinition
            ?? throw new SnapshotException($"has files of a Map that does not run: {task}");

    private ChildStart Child(JsonValue written) => new(
        Number(written["task"]),
        written["run"].AsString(),
        Whole(written["index"]),
        written["name"].AsString(),
        definition.AllStates().SelectMany(state => state.Inner)
            .First(inner => inner.Location == written["machine"].AsString()),
        values.Read(written["in"]))
    {
        StateName = written["state"].AsString(),
        IsExpress = written["express"].AsBoolean(),
        ItemCount = Whole(written["items"]),
        MapRedrive = WholeOrNone(written["redrive"]),
        IsAgain = written["again"].IsTrue,
    };

    private static MapRunState Run(JsonValue written) => new(
        written["arn"].AsString(),
        Number(written["task"]),
        written["state"].AsString(),
        Word<ExecutionStatus>(written["status"]),
        Time(written["started"]))
    {
        EndedAt = MaybeTime(written["ended"]),
        MaxConcurrency = Number(written["most"]),
        ToleratedFailureCount = Number(written["count"]),
        ToleratedFailurePercentage = written["percentage"].AsDouble(),
        Items = Counts(written["items"]),
        Executions = Counts(written["executions"]),
        RedriveCount = Whole(written["redrives"]),
        RedrivenAt = MaybeTime(written["redriven"]),
    };

    private static MapRunCounts Counts(JsonValue written) => new()
    {
        Pending = Whole(written[0]),
        Running = Whole(written[1]),
        Succeeded = Whole(written[2]),
        Failed = Whole(written[3]),
        TimedOut = Whole(written[4]),
        Aborted = Whole(written[5]),
        ResultsWritten = Whole(written[6]),
        Total = Whole(written[7]),
        PendingRedrive = WholeOrNone(written[8]),
    };

    // It came later than the format.
    private static int WholeOrNone(JsonValue written) => written.IsUndefined ? 0 : Whole(written);

    private JsonValue Item(JsonValue written) => written.TryGetArray(out var item)
        ? MapItems.Context(Whole(item[0]), values.Read(item[1]))
        : JsonValue.Undefined;

    private static T[] Many<T>(JsonValue written, Func<JsonValue, T> read)
    {
        var all = written.AsArray();
        var made = new T[all.Count];
        for (var i = 0; i < made.Length; i++)
        {
            made[i] = read(all[i]);
        }

        return made;
    }

    private static long Number(JsonValue value) =>
        value.TryGetInt64(out var number) ? number : throw new SnapshotException($"has no number at {value}");

    private static int Whole(JsonValue value) =>
        value.TryGetInt32(out var number) ? number : throw new SnapshotException($"has no number at {value}");

    private static long? MaybeNumber(JsonValue value) => value.IsUndefined ? null : Number(value);

    private static DateTimeOffset? MaybeTime(JsonValue value) => value.IsUndefined ? null : Time(value);

    private static string? MaybeText(JsonValue value) => value.IsUndefined ? null : value.AsString();

    private static T Word<T>(JsonValue value)
        where T : struct, Enum =>
        Enum.TryParse<T>(value.AsString(), out var word) ? word : throw new SnapshotException($"has no word {value}");
}
