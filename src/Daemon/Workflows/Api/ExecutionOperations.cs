using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Executions: started, stopped, driven again, looked at and listed.</summary>
internal sealed class ExecutionOperations(
    StateMachines machines, WorkflowEngine engine, ExecutionStarts starts, TimeProvider time)
{
    private const long BilledStepMs = 100;
    private const int BilledMemoryMb = 64;

    /// <summary>Bytes of events in one answer.</summary>
    private const int HistoryBytesMax = 8 * 1024 * 1024;

    private static readonly JsonValue Included = JsonObject.Of(("included", true));

    public async Task<JsonValue> StartAsync(ApiRequest request)
    {
        var execution = await starts.StartAsync(StartOf(request));
        return JsonObject.Of(
            ("executionArn", execution.Head.Arn), ("startDate", Json.Time(execution.StartedAt)));
    }

    public async Task<JsonValue> StartSyncAsync(ApiRequest request, CancellationToken aborted)
    {
        var start = StartOf(request);
        var execution = await starts.StartAsync(start, expressOnly: true);
        var end = await execution.Ended.WaitAsync(aborted);
        var took = (long)(end.EndedAt - execution.StartedAt).TotalMilliseconds;
        JsonObjectBuilder made = new(16);
        made.Set("executionArn", execution.Head.Arn);
        made.Set("stateMachineArn", execution.Head.MachineArn);
        made.Set("name", execution.Head.Name);
        made.Set("startDate", Json.Time(execution.StartedAt)).Set("stopDate", Json.Time(end.EndedAt));
        made.Set("status", ExecutionNames.Of(end.Status));
        made.Set("input", Json.Maybe(start.InputText)).Set("inputDetails", Details(start.Paged));
        made.Set("traceHeader", Json.Maybe(start.TraceHeader));
        SetEnd(made, end);
        made.Set("outputDetails", Details(end.Paged));
        made.Set("billingDetails", JsonObject.Of(
            ("billedMemoryUsedInMB", BilledMemoryMb),
            ("billedDurationInMilliseconds", Math.Max(1, (took + BilledStepMs - 1) / BilledStepMs) * BilledStepMs)));
        return made.Build();
    }

    public async Task<JsonValue> StopAsync(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("executionArn"), "execution");
        var error = request.MaybeText("error", 256);
        var cause = request.MaybeText("cause", 32_768);
        if (engine.Find(arn) is { } running)
        {
            await running.PostAsync(at => new ExecutionEvent.Stopped(at, error, cause));
        }

        var end = Found(arn).End;
        return JsonObject.Of(("stopDate", Json.Time(end?.EndedAt ?? time.GetUtcNow())));
    }

    public async Task<JsonValue> RedriveAsync(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("executionArn"), "execution");
        var found = Found(arn);
        if (RedriveOf(found) is ({ } why, _))
        {
            throw new ApiRefusedException("ExecutionNotRedrivable", why);
        }

        var execution = engine.Reopen(engine.Store.Find(arn)!)
            ?? throw new ApiRefusedException("ExecutionNotRedrivable", $"Execution {arn} is being redriven");
        var made = false;
        try
        {
            made = await execution.PostAsync(at => new ExecutionEvent.Redriven(at) { IsDeep = true });
        }
        finally
        {
            if (!made)
            {
                engine.Leave(execution);
            }
        }

        return JsonObject.Of(("redriveDate", Json.Time(time.GetUtcNow())));
    }

    public Task<JsonValue> DescribeAsync(ApiRequest request)
    {
        var found = Found(Arns.Check(request.Text("executionArn"), "execution"));
        var withData = request.Word("includedData", "ALL_DATA", "METADATA_ONLY") != "METADATA_ONLY";
        var head = found.Head;
        JsonObjectBuilder made = new(20);
        made.Set("executionArn", head.Arn).Set("stateMachineArn", head.MachineArn).Set("name", head.Name);
        made.Set("stateMachineVersionArn", Json.Maybe(head.VersionArn));
        made.Set("stateMachineAliasArn", Json.Maybe(head.AliasArn));
        made.Set("mapRunArn", Json.Maybe(head.MapRunArn)).Set("traceHeader", Json.Maybe(head.TraceHeader));
        made.Set("status", ExecutionNames.Of(found.Status)).Set("startDate", Json.Time(found.StartedAt));
        var input = withData ? engine.InputOf(found.Key) : default;
        made.Set("input", Json.Maybe(input.Text)).Set("inputDetails", Details(input.Paged));
        if (found.End is { } end)
        {
            made.Set("stopDate", Json.Time(end.EndedAt));
            SetEnd(made, withData ? end : end with { Output = JsonValue.Undefined });
            if (end.Status is ExecutionStatus.Succeeded)
            {
                made.Set("outputDetails", Details(end.Paged));
            }
        }

        var (why, status) = RedriveOf(found);
        made.Set("redriveCount", found.RedriveCount).Set("redriveStatus", status);
        made.Set("redriveStatusReason", Json.Maybe(why));
        return Task.FromResult<JsonValue>(made.Build());
    }

    public Task<JsonValue> DescribeMachineAsync(ApiRequest request)
    {
        var head = Found(Arns.Check(request.Text("executionArn"), "execution")).Head;
        var revision = machines.Revision(head.Revision) ?? throw ApiRefusedException.NoMachine(head.MachineArn);
        JsonObjectBuilder made = new(10);
        made.Set("stateMachineArn", head.MachineArn).Set("name", head.MachineName);
        made.Set("mapRunArn", Json.Maybe(head.MapRunArn));
        MachineOperations.Describe(made, revision, request);
        made.Set("updateDate", Json.Time(revision.CreatedAt));
        if (machines.Find(head.MachineArn) is { } machine && !(machine.IsInitial && machine.Revision.Id == revision.Id))
        {
            made.Set("revisionId", revision.Id);
        }

        return Task.FromResult<JsonValue>(made.Build());
    }

    public Task<JsonValue> ListAsync(ApiRequest request) => ListAsync(request, QueryOf(request));

    /// <summary>As ListExecutions, and of all state machines when none is named.</summary>
    public Task<JsonValue> ListAllAsync(ApiRequest request) => ListAsync(
        request,
        request.Has("stateMachineArn") || request.Has("mapRunArn") ? QueryOf(request) : new ExecutionQuery());

    private Task<JsonValue> ListAsync(ApiRequest request, ExecutionQuery asked)
    {
        var status = request.Word("statusFilter", ExecutionNames.All);
        var size = request.Page();
        var filter = request.Word("redriveFilter", "REDRIVEN", "NOT_REDRIVEN");
        List<StoredExecution> rows = [];
        ExecutionQuery query = asked with
        {
            Status = status is null ? null : (int)ExecutionNames.Read(status),
            BeforeKey = PageToken.Read(request) ?? long.MaxValue,
            Max = size + 1,
        };
        rows.AddRange(engine.Store.List(query));
        string? next = null;
        if (rows.Count > size)
        {
            rows.RemoveAt(size);
            next = PageToken.Of(rows[^1].Key);
        }

        JsonArrayBuilder items = new(rows.Count);
        foreach (var row in rows)
        {
            var found = FoundExecution.Of(row);
            if (filter is null || filter == "REDRIVEN" == found.RedriveCount > 0)
            {
                items.Add(Listed(found));
            }
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("executions", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    public Task<JsonValue> HistoryAsync(ApiRequest request)
    {
        var found = Found(Arns.Check(request.Text("executionArn"), "execution"));
        var withData = request.Flag("includeExecutionData", otherwise: true);
        var events = engine.History(found.Key);
        if (request.Flag("reverseOrder"))
        {
            events = events.Reverse();
        }

        // A page begins behind the event that the one before ended with: more may have come, and old ones gone.
        if (PageToken.Read(request) is { } after)
        {
            events = request.Flag("reverseOrder")
                ? events.SkipWhile(each => each.Id >= after)
                : events.SkipWhile(each => each.Id <= after);
        }

        var (items, next) = PageOf(events, request.Page(), withData);
        var token = next && items[items.Count - 1]["id"].TryGetInt64(out var last)
            ? PageToken.Of(last)
            : JsonValue.Undefined;
        return Task.FromResult<JsonValue>(JsonObject.Of(("events", items), ("nextToken", token)));
    }

    // A page ends early rather than being larger than an answer may be.
    private static (JsonArray Items, bool GoesOn) PageOf(IEnumerable<HistoryEvent> events, int size, bool withData)
    {
        JsonArrayBuilder items = new();
        var bytes = 0;
        foreach (var each in events)
        {
            var item = each.ToService(withData);
            bytes += item.Utf8Length();
            if (items.Count == size || (items.Count > 0 && bytes > HistoryBytesMax))
            {
                return (items.Build(), true);
            }

            items.Add(item);
        }

        return (items.Build(), false);
    }

    private ExecutionQuery QueryOf(ApiRequest request)
    {
        if (request.MaybeText("mapRunArn") is { } run)
        {
            return new ExecutionQuery { Run = Arns.Check(run, "mapRun") };
        }

        var asked = request.Text("stateMachineArn");
        var (arn, _) = Arns.Machine(asked);
        var machine = machines.Find(arn) ?? throw ApiRefusedException.NoMachine(asked);
        return machine.IsExpress
            ? throw new ApiRefusedException(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
            : new ExecutionQuery { Machine = arn };
    }

    private ExecutionStart StartOf(ApiRequest request)
    {
        var machine = Arns.Check(request.Text("stateMachineArn"));
        return starts.Read(machine, request.MaybeText("input") ?? "{}") with
        {
            Name = request.MaybeText("name"),
            TraceHeader = request.MaybeText("traceHeader", 256),
        };
    }

    private FoundExecution Found(string arn) => engine.Store.Find(arn) is { } stored
        ? FoundExecution.Of(stored)
        : throw ApiRefusedException.NoExecution(arn);

    private static (string? Why, string Status) RedriveOf(FoundExecution found) => found switch
    {
        { Head.IsExpress: true } =>
            ("Execution is of an EXPRESS state machine and cannot be redriven", "NOT_REDRIVABLE"),
        { Status: ExecutionStatus.Running or ExecutionStatus.Succeeded or ExecutionStatus.PendingRedrive } =>
            ($"Execution is {ExecutionNames.Of(found.Status)} and cannot be redriven", "NOT_REDRIVABLE"),
        { Head.MapRunArn: not null } =>
            ("Execution is redriven with its Map Run", "REDRIVABLE_BY_MAP_RUN"),
        _ => (null, "REDRIVABLE"),
    };

    private static JsonValue Listed(FoundExecution found)
    {
        var head = found.Head;
        JsonObjectBuilder made = new(10);
        made.Set("executionArn", head.Arn).Set("stateMachineArn", head.MachineArn).Set("name", head.Name);
        made.Set("status", ExecutionNames.Of(found.Status)).Set("startDate", Json.Time(found.StartedAt));
        made.Set("stopDate", found.End is { } end ? Json.Time(end.EndedAt) : JsonValue.Undefined);
        made.Set("mapRunArn", Json.Maybe(head.MapRunArn));
        made.Set("stateMachineVersionArn", Json.Maybe(head.VersionArn));
        made.Set("stateMachineAliasArn", Json.Maybe(head.AliasArn));
        made.Set("redriveCount", found.RedriveCount);
        return made.Build();
    }

    // What is too large for an answer can be asked for by its digest.
    private static JsonValue Details(PayloadReference? paged) => paged is null
        ? Included
        : JsonObject.Of(("included", false), ("sha256", paged.Sha256), ("bytes", paged.Bytes));

    private static void SetEnd(JsonObjectBuilder made, ExecutionEnd end)
    {
        if (end.Status is ExecutionStatus.Succeeded && end.Output.IsDefined && end.Paged is null)
        {
            made.Set("output", end.Output.Payload());
        }

        made.Set("error", Json.Maybe(end.Error)).Set("cause", Json.Maybe(end.Cause));
    }
}

/// <summary>An execution as the store has it, read.</summary>
internal sealed record FoundExecution(
    long Key, ExecutionHead Head, ExecutionStatus Status, DateTimeOffset StartedAt, ExecutionEnd? End)
{
    public int RedriveCount { get; init; }

    public static FoundExecution Of(StoredExecution row)
    {
        var end = row.Standing.Tail is { } tail ? ExecutionEnd.Read(tail) : null;
        var status = (ExecutionStatus)row.Standing.Status;
        return new FoundExecution(
            row.Key,
            ExecutionHead.Read(row.Head),
            status,
            new DateTimeOffset(row.StartedTicks, TimeSpan.Zero),
            status is ExecutionStatus.Running ? null : end)
        {
            RedriveCount = end?.RedriveCount ?? 0,
        };
    }
}
