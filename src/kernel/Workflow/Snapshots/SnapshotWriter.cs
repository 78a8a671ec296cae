using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;

namespace Analemma.Workflow.Snapshots;

// THE STATE AS A GRAPH
//
// Scopes hold frames, frames hold scopes, and timers, tasks and entries mean either. Both are numbered as they are come
// across from the root, and mean each other by number; -1 for none. Names are frozen within a format version.
/// <summary>Writes a state, and what is open of it.</summary>
internal sealed class SnapshotWriter(ISnapshotSlots slots)
{
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<Scope> _scopes = [];
    private readonly List<Frame> _frames = [];
    private readonly SortedDictionary<long, TaskInvocation> _tasks = [];

    public JsonObject State(ExecutionState state)
    {
        JsonObjectBuilder made = new(24);
        made.Set("status", state.Status.ToString()).Set("started", state.StartedAt.UtcTicks);
        made.Set("ended", state.EndedAt is { } ended ? ended.UtcTicks : JsonValue.Undefined);
        made.Set("in", slots.Slot(state.Input)).Set("out", slots.Slot(state.Output));
        made.Set("error", Maybe(state.Error)).Set("cause", Maybe(state.Cause));
        made.Set("redrives", state.RedriveCount).Set("event", state.LastEventId).Set("held", state.IsHeld);
        made.Set("id", state.LastId).Set("draws", state.Draws);
        made.Set("map_redrive", Positive(state.MapRedrive)).Set("redriven", Maybe(state.RedrivenAt));
        made.Set("root", NumberOf(state.Root));
        made.Set("ready", Many(state.Ready, entry =>
            JsonArray.Of(NumberOf(entry.Scope), entry.Name, slots.Slot(entry.Input))));
        made.Set("timers", Many(state.Timers.Values, timer =>
            JsonArray.Of(timer.Id, timer.Kind.ToString(), timer.Due.UtcTicks, NumberOf(timer.Frame))));
        made.Set("tasks", Many(state.Tasks, task => JsonArray.Of(task.Key, NumberOf(task.Value))));
        var (scopes, frames) = (new JsonArrayBuilder(), new JsonArrayBuilder());
        while (scopes.Count < _scopes.Count || frames.Count < _frames.Count)
        {
            // Each may bring others to light.
            if (scopes.Count < _scopes.Count)
            {
                scopes.Add(Write(_scopes[scopes.Count]));
            }
            else
            {
                frames.Add(Write(_frames[frames.Count]));
            }
        }

        made.Set("scopes", scopes.Build()).Set("frames", frames.Build());
        return made.Build();
    }

    public JsonObject Open(OpenWork open)
    {
        foreach (var task in open.Tasks)
        {
            _tasks.TryAdd(task.Task.TaskId, task.Task);
        }

        JsonObjectBuilder made = new(6);
        made.Set("calls", Many(_tasks.Values, Write));
        made.Set("tasks", Many(open.Tasks, task => JsonArray.Of(task.Task.TaskId, task.IsSubmitted, task.IsEnded)));
        made.Set("others", Many(open.Others, Write));
        made.Set("children", Many(open.Children, Write));
        made.Set("continues", open.Continues);
        made.Set("runs", Many(open.MapRuns.Values, Write));
        return made.Build();
    }

    public static JsonArray Segments(IReadOnlyList<HistorySegment> segments) => Many(
        segments, segment => JsonArray.Of(segment.Sequence, segment.FirstEvent, segment.At.UtcTicks));

    private JsonValue Write(Scope scope)
    {
        JsonObjectBuilder variables = new(scope.Variables.Count);
        foreach (var (name, value) in scope.Variables)
        {
            variables.Set(name, slots.Slot(value));
        }

        JsonObjectBuilder made = new(7);
        made.Set("owner", NumberOf(scope.Owner)).Set("index", scope.Index).Set("frame", NumberOf(scope.Frame));
        made.Set("vars", variables.Build()).Set("event", scope.LastEventId);
        made.Set("item", Item(scope.Item)).Set("over", scope.IsOver);
        return made.Build();
    }

    private JsonValue Write(Frame frame)
    {
        JsonObjectBuilder made = new(16);
        made.Set("scope", NumberOf(frame.Scope)).Set("state", frame.State.Name).Set("in", slots.Slot(frame.Input));
        made.Set("at", frame.EnteredAt.UtcTicks).Set("entered", frame.EnteredId).Set("before", frame.BeforeId);
        made.Set("retries", frame.RetryCount);
        made.Set("attempts", frame.Attempts is { } attempts ? Many(attempts, each => each) : JsonValue.Undefined);
        made.Set("token", Maybe(frame.Token)).Set("item", Item(frame.Item)).Set("timer", frame.TimerId);
        made.Set("task", frame.Task is { } task ? Write(task) : JsonValue.Undefined);
        made.Set("branches", frame.Branches is { } branches ? Write(branches) : JsonValue.Undefined);
        made.Set("map", frame.Distributed is { } run ? Write(run) : JsonValue.Undefined);
        return made.Build();
    }

    private JsonValue Write(TaskRun task)
    {
        _tasks.TryAdd(task.Invocation.TaskId, task.Invocation);
        JsonObjectBuilder made = new(5);
        made.Set("id", task.Invocation.TaskId);
        made.Set("timeout", task.TimeoutTimerId).Set("heartbeat", task.HeartbeatTimerId);
        made.Set("submitted", task.IsSubmitted);
        if (task.EarlyEnd is { } end)
        {
            var told = EventCodec.Write(end).AsObject();
            made.Set("end", JsonArray.Of(told.Without("output"), slots.Slot(told["output"])));
        }

        return made.Build();
    }

    private JsonValue Write(BranchesRun run) => JsonObject.Of(
        ("scopes", Many(run.Scopes, scope => NumberOf(scope))),
        ("results", Many(run.Results, slots.Slot)),
        ("done", run.Done),
        ("next", run.Next),
        ("items", slots.Slot(run.Items)),
        ("most", run.ConcurrencyMax),
        ("in", slots.Slot(run.Input)));

    private JsonValue Write(DistributedRun run) => JsonObject.Of(
        ("id", run.TaskId),
        ("arn", run.Arn),
        ("started", run.StartedAt.UtcTicks),
        ("in", slots.Slot(run.Input)),
        ("inputs", run.Inputs is { } inputs ? Many(inputs, slots.Slot) : JsonValue.Undefined),
        ("sizes", Many(run.Sizes, size => size)),
        ("next", run.Next),
        ("again", Many(run.Again, index => index)),
        ("running", run.Running),
        ("results", Many(run.Results, slots.Slot)),
        ("ends", Many(run.Ended, ended => ended is { } status ? status.ToString() : JsonValue.Null)),
        ("most", run.MaxConcurrency),
        ("count", run.ToleratedCount),
        ("percentage", run.ToleratedPercentage),
        ("redrives", run.RedriveCount),
        ("redriven", Maybe(run.RedrivenAt)),
        ("generation", Positive(run.Generation)),
        ("writing", run.IsWriting),
        ("failing", run.IsFailing ? JsonValue.True : JsonValue.Undefined));

    // Token and key of a task follow from its id.
    private JsonValue Write(TaskInvocation task) => JsonObject.Of(
        ("id", task.TaskId),
        ("state", task.StateName),
        ("resource", task.Resource.Arn),
        ("in", slots.Slot(task.Input)),
        ("retries", task.RetryCount),
        ("timeout", task.TimeoutSeconds is { } timeout ? timeout : JsonValue.Undefined),
        ("heartbeat", task.HeartbeatSeconds is { } heartbeat ? heartbeat : JsonValue.Undefined),
        ("credentials", slots.Slot(task.Credentials)));

    private JsonValue Write(WorkflowEffect effect) => effect switch
    {
        WorkflowEffect.ReadItems read => JsonObject.Of(
            ("read", read.TaskId),
            ("parameters", slots.Slot(read.Parameters)),
            ("most", read.ItemsMax is { } most ? most : JsonValue.Undefined)),
        WorkflowEffect.WriteResults write => JsonObject.Of(
            ("write", write.TaskId),
            ("parameters", slots.Slot(write.Parameters)),
            ("run", write.MapRunArn),
            ("results", Many(write.Results.Items.ToArray(), slots.Slot)),
            ("failed", write.IsFailed ? JsonValue.True : JsonValue.Undefined),
            ("open", write.Open.Count > 0 ? Many(write.Open.Items.ToArray(), slots.Slot) : JsonValue.Undefined)),
        _ => throw new ArgumentException($"{effect.GetType().Name} is not kept"),
    };

    private JsonValue Write(ChildStart child) => JsonObject.Of(
        ("task", child.TaskId),
        ("run", child.MapRunArn),
        ("index", child.Index),
        ("name", child.Name),
        ("machine", child.Machine.Location),
        ("in", slots.Slot(child.Input)),
        ("state", child.StateName),
        ("express", child.IsExpress),
        ("items", child.ItemCount),
        ("redrive", Positive(child.MapRedrive)),
        ("again", child.IsAgain ? JsonValue.True : JsonValue.Undefined));

    private static JsonValue Write(MapRunState run) => JsonObject.Of(
        ("arn", run.Arn),
        ("task", run.TaskId),
        ("state", run.StateName),
        ("status", run.Status.ToString()),
        ("started", run.StartedAt.UtcTicks),
        ("ended", run.EndedAt is { } ended ? ended.UtcTicks : JsonValue.Undefined),
        ("most", run.MaxConcurrency),
        ("count", run.ToleratedFailureCount),
        ("percentage", run.ToleratedFailurePercentage),
        ("items", Write(run.Items)),
        ("executions", Write(run.Executions)),
        ("redrives", run.RedriveCount),
        ("redriven", Maybe(run.RedrivenAt)));

    // What is not there is 0: it came later than the format.
    private static JsonValue Write(MapRunCounts counts)
    {
        JsonArrayBuilder made = new(9);
        foreach (var count in (ReadOnlySpan<int>)[
            counts.Pending,
            counts.Running,
            counts.Succeeded,
            counts.Failed,
            counts.TimedOut,
            counts.Aborted,
            counts.ResultsWritten,
            counts.Total])
        {
            made.Add(count);
        }

        if (counts.PendingRedrive > 0)
        {
            made.Add(counts.PendingRedrive);
        }

        return made.Build();
    }

    private static JsonValue Positive(int number) => number > 0 ? number : JsonValue.Undefined;

    // The value is also the input of what runs for it.
    private JsonValue Item(JsonValue item) =>
        item.IsUndefined ? JsonValue.Undefined : JsonArray.Of(item["Index"], slots.Slot(item["Value"]));

    private JsonValue NumberOf(Scope? scope) => NumberOf(scope, _scopes);

    private JsonValue NumberOf(Frame? frame) => NumberOf(frame, _frames);

    private JsonValue NumberOf<T>(T? node, List<T> all)
        where T : class
    {
        if (node is null)
        {
            return -1;
        }

        if (!_numbers.TryGetValue(node, out var number))
        {
            _numbers[node] = number = all.Count;
            all.Add(node);
        }

        return number;
    }

    private static JsonArray Many<T>(IEnumerable<T> all, Func<T, JsonValue> write)
    {
        JsonArrayBuilder made = new();
        foreach (var each in all)
        {
            made.Add(write(each));
        }

        return made.Build();
    }

    private static JsonValue Maybe(DateTimeOffset? time) => time is { } at ? at.UtcTicks : JsonValue.Undefined;

    private static JsonValue Maybe(string? text) => text is null ? JsonValue.Undefined : JsonValue.From(text);
}
