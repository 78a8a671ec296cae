using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Records;

/// <summary>Events of executions as JSON. Names are frozen: what was written once is read for ever.</summary>
internal static class EventCodec
{
    public static JsonValue Write(ExecutionEvent @event)
    {
        JsonObjectBuilder made = new(6);
        made.Set("type", NameOf(@event));
        made.Set("at", @event.At.UtcTicks);
        Fill(made, @event);
        return made.Build();
    }

    public static DateTimeOffset TimeOf(JsonValue json) => new(new Fields(json).Number("at"), TimeSpan.Zero);

    public static ExecutionEvent Read(JsonValue json)
    {
        Fields fields = new(json);
        DateTimeOffset at = new(fields.Number("at"), TimeSpan.Zero);
        var type = fields.Text("type");
        return type switch
        {
            "started" => new ExecutionEvent.Started(at, fields["input"], fields.MaybeText("text"))
            {
                IsHeld = fields["held"].IsTrue,
            },
            "stopped" => new ExecutionEvent.Stopped(at, fields.MaybeText("error"), fields.MaybeText("cause")),
            "redriven" => new ExecutionEvent.Redriven(at)
            {
                IsDeep = fields["deep"].IsTrue,
                MapRedrive = (int)(fields.MaybeNumber("map_redrive") ?? 0),
            },
            "continued" => new ExecutionEvent.Continued(at),
            "timer" => new ExecutionEvent.TimerFired(at, fields.Number("timer")),
            _ => ReadOfTask(type, at, fields.Number("task"), fields),
        };
    }

    private static ExecutionEvent ReadOfTask(string type, DateTimeOffset at, long task, Fields fields) => type switch
    {
        "taken" => new ExecutionEvent.ActivityTaken(at, task, fields.MaybeText("worker")),
        "submitted" => new ExecutionEvent.TaskSubmitted(at, task, fields["output"]),
        "succeeded" => new ExecutionEvent.TaskSucceeded(at, task, fields["output"]),
        "failed" => new ExecutionEvent.TaskFailed(
            at, task, fields.MaybeText("error"), fields.MaybeText("cause"), fields.Word<TaskPhase>("phase")),
        "heartbeat" => new ExecutionEvent.TaskHeartbeat(at, task),
        "items" => new ExecutionEvent.ItemsRead(at, task, fields["items"].AsArray())
        {
            Sources = ReadSources(fields["sources"]),
        },
        "no_items" => new ExecutionEvent.ItemsUnreadable(at, task, fields.Text("error"), fields.MaybeText("cause")),
        "child" => new ExecutionEvent.ChildEnded(
            at,
            task,
            (int)fields.Number("index"),
            fields.Word<ExecutionStatus>("status"),
            fields["output"],
            fields.MaybeText("error"),
            fields.MaybeText("cause"))
        {
            MapRedrive = (int)(fields.MaybeNumber("map_redrive") ?? 0),
        },
        "written" => new ExecutionEvent.ResultsWritten(at, task, fields["output"]),
        "unwritten" => new ExecutionEvent.ResultsUnwritable(at, task, fields.Text("error"), fields.MaybeText("cause")),
        "run_changed" => new ExecutionEvent.MapRunChanged(
            at, task, fields.MaybeNumber("concurrency"), fields.MaybeNumber("count"), fields.MaybeDouble("percentage")),
        _ => throw new StepRecordException($"has an event of type '{type}'"),
    };

    private static string NameOf(ExecutionEvent @event) => @event switch
    {
        ExecutionEvent.Started => "started",
        ExecutionEvent.TimerFired => "timer",
        ExecutionEvent.ActivityTaken => "taken",
        ExecutionEvent.TaskSubmitted => "submitted",
        ExecutionEvent.TaskSucceeded => "succeeded",
        ExecutionEvent.TaskFailed => "failed",
        ExecutionEvent.TaskHeartbeat => "heartbeat",
        ExecutionEvent.ItemsRead => "items",
        ExecutionEvent.ItemsUnreadable => "no_items",
        ExecutionEvent.ChildEnded => "child",
        ExecutionEvent.ResultsWritten => "written",
        ExecutionEvent.ResultsUnwritable => "unwritten",
        ExecutionEvent.MapRunChanged => "run_changed",
        ExecutionEvent.Stopped => "stopped",
        ExecutionEvent.Redriven => "redriven",
        ExecutionEvent.Continued => "continued",
        _ => throw new ArgumentException($"{@event.GetType().Name} is not kept"),
    };

    private static void Fill(JsonObjectBuilder made, ExecutionEvent @event)
    {
        switch (@event)
        {
            case ExecutionEvent.Started started:
                made.Set("input", started.Input).Set("text", Maybe(started.InputText));
                made.Set("held", started.IsHeld ? JsonValue.True : JsonValue.Undefined);
                break;
            case ExecutionEvent.TimerFired fired:
                made.Set("timer", fired.TimerId);
                break;
            case ExecutionEvent.Stopped stopped:
                made.Set("error", Maybe(stopped.Error)).Set("cause", Maybe(stopped.Cause));
                break;
            case ExecutionEvent.Redriven redriven:
                made.Set("deep", redriven.IsDeep ? JsonValue.True : JsonValue.Undefined);
                made.Set("map_redrive", Positive(redriven.MapRedrive));
                break;
            case ExecutionEvent.ActivityTaken taken:
                made.Set("task", taken.TaskId).Set("worker", Maybe(taken.WorkerName));
                break;
            case ExecutionEvent.TaskSubmitted submitted:
                made.Set("task", submitted.TaskId).Set("output", submitted.Output);
                break;
            case ExecutionEvent.TaskSucceeded succeeded:
                made.Set("task", succeeded.TaskId).Set("output", succeeded.Output);
                break;
            case ExecutionEvent.TaskFailed failed:
                made.Set("task", failed.TaskId).Set("error", Maybe(failed.Error)).Set("cause", Maybe(failed.Cause));
                made.Set("phase", failed.Phase.ToString());
                break;
            case ExecutionEvent.TaskHeartbeat heartbeat:
                made.Set("task", heartbeat.TaskId);
                break;
            default:
                FillOfMap(made, @event);
                break;
        }
    }

    private static void FillOfMap(JsonObjectBuilder made, ExecutionEvent @event)
    {
        switch (@event)
        {
            case ExecutionEvent.ItemsRead read:
                made.Set("task", read.TaskId).Set("items", read.Items);
                made.Set("sources", read.Sources.Count > 0 ? WriteSources(read.Sources) : JsonValue.Undefined);
                break;
            case ExecutionEvent.ItemsUnreadable unreadable:
                made.Set("task", unreadable.TaskId).Set("error", unreadable.Error);
                made.Set("cause", Maybe(unreadable.Cause));
                break;
            case ExecutionEvent.ChildEnded ended:
                made.Set("task", ended.TaskId).Set("index", ended.Index).Set("status", ended.Status.ToString());
                made.Set("output", ended.Output).Set("error", Maybe(ended.Error)).Set("cause", Maybe(ended.Cause));
                made.Set("map_redrive", Positive(ended.MapRedrive));
                break;
            case ExecutionEvent.ResultsWritten written:
                made.Set("task", written.TaskId).Set("output", written.Output);
                break;
            case ExecutionEvent.ResultsUnwritable unwritable:
                made.Set("task", unwritable.TaskId).Set("error", unwritable.Error);
                made.Set("cause", Maybe(unwritable.Cause));
                break;
            case ExecutionEvent.MapRunChanged changed:
                made.Set("task", changed.TaskId);
                made.Set("concurrency", changed.MaxConcurrency is { } most ? most : JsonValue.Undefined);
                made.Set("count", changed.ToleratedCount is { } count ? count : JsonValue.Undefined);
                made.Set("percentage", changed.ToleratedPercentage is { } part ? part : JsonValue.Undefined);
                break;
        }
    }

    private static JsonArray WriteSources(IReadOnlyList<ItemSource> sources)
    {
        JsonArrayBuilder made = new(sources.Count);
        foreach (var source in sources)
        {
            made.Add(JsonArray.Of(source.Uri, source.Count));
        }

        return made.Build();
    }

    private static List<ItemSource> ReadSources(JsonValue written)
    {
        List<ItemSource> read = [];
        foreach (var source in written.TryGetArray(out var all) ? all : JsonArray.Empty)
        {
            read.Add(source[0].TryGetString(out var uri) && source[1].TryGetInt32(out var count)
                ? new ItemSource(uri, count)
                : throw new StepRecordException("has a source of items that is none"));
        }

        return read;
    }

    private static JsonValue Positive(int number) => number > 0 ? number : JsonValue.Undefined;

    private static JsonValue Maybe(string? text) => text is null ? JsonValue.Undefined : JsonValue.From(text);

    /// <summary>The members of an event, each as what it must be.</summary>
    private readonly struct Fields(JsonValue json)
    {
        public JsonValue this[string name] => json[name];

        public string Text(string name) =>
            json[name].TryGetString(out var text) ? text : throw new StepRecordException($"has no text '{name}'");

        public string? MaybeText(string name) => json[name].TryGetString(out var text) ? text : null;

        public long Number(string name) =>
            json[name].TryGetInt64(out var number) ? number : throw new StepRecordException($"has no number '{name}'");

        public long? MaybeNumber(string name) => json[name].TryGetInt64(out var number) ? number : null;

        public double? MaybeDouble(string name) => json[name].TryGetDouble(out var number) ? number : null;

        public T Word<T>(string name)
            where T : struct, Enum =>
            Enum.TryParse<T>(Text(name), out var word) ? word : throw new StepRecordException($"has no word '{name}'");
    }
}
