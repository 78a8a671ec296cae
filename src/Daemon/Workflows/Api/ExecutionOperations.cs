using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Executions: started, stopped, driven again, looked at and listed.</summary>
internal sealed class ExecutionOperations(
    StateMachines machines, WorkflowEngine engine, ExecutionStarts starts, DistributedMaps maps, TimeProvider time)
{
    private const long BilledStepMs = 100;
    private const int BilledMemoryMb = 64;

    /// <summary>Bytes of events in one answer.</summary>
    private const int HistoryBytesMax = 8 * 1024 * 1024;

    private readonly ClientTokens _redrives = new();

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
        var withData = IsWithData(request);
        made.Set("input", withData ? Json.Maybe(start.InputText) : default);
        made.Set("inputDetails", Details(start.Paged));
        made.Set("traceHeader", Json.Maybe(start.TraceHeader));
        SetEnd(made, withData ? end : end with { Output = JsonValue.Undefined });
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
        var token = request.MaybeText("clientToken");
        if (_redrives.Find(arn, token, request.At) is { } before)
        {
            return JsonObject.Of(("redriveDate", Json.Time(before)));
        }

        var found = Found(arn);
        if (RedriveOf(found, request.At) is var (why, status) && status != "REDRIVABLE")
        {
            throw new ApiRefusedException("ExecutionNotRedrivable", why ?? ExecutionRedrives.ByMapRun);
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

        var now = time.GetUtcNow();
        _redrives.Add(arn, token, now);
        return JsonObject.Of(("redriveDate", Json.Time(now)));
    }

    public Task<JsonValue> DescribeAsync(ApiRequest request)
    {
        var found = Described(request.Text("executionArn"));
        var withData = IsWithData(request);
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

        var (why, status) = RedriveOf(found, request.At);
        made.Set("redriveCount", found.RedriveCount).Set("redriveDate", RedrivenAt(found));
        made.Set("redriveStatus", status);
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
        made.Set("label", head.MapRunArn is null ? default : JsonValue.From(head.MachineName.Split('/')[^1]));
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
        var found = Matching(
            asked with
            {
                Status = status is null ? null : (int)ExecutionNames.Read(status),
                BeforeKey = PageToken.ReadNumber(request) ?? long.MaxValue,
                Max = size + 1,
            },
            request.MaybeText("stateMachineArn"),
            request.Word("redriveFilter", "REDRIVEN", "NOT_REDRIVEN"));
        string? next = null;
        if (found.Count > size)
        {
            found.RemoveAt(size);
            next = PageToken.Of(request, found[^1].Key);
        }

        JsonArrayBuilder items = new(found.Count);
        foreach (var execution in found)
        {
            items.Add(Listed(execution, request.Has("mapRunArn")));
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("executions", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    // The store knows machines; their versions and aliases, and redrives, are looked for among what it gives.
    private List<FoundExecution> Matching(ExecutionQuery query, string? machine, string? redriven)
    {
        var qualified = machine is not null && Arns.Machine(machine).Qualifier is not null ? machine : null;
        List<FoundExecution> found = [];
        while (found.Count < query.Max && engine.Store.List(query) is { Count: > 0 } rows)
        {
            found.AddRange(rows.Select(FoundExecution.Of)
                .Where(each => qualified is null
                    || each.Head.VersionArn == qualified || each.Head.AliasArn == qualified)
                .Where(each => redriven is null || redriven == "REDRIVEN" == each.RedriveCount > 0)
                .Take(query.Max - found.Count));
            if (rows.Count < query.Max)
            {
                break;
            }

            query = query with { BeforeKey = rows[^1].Key };
        }

        return found;
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
        if (PageToken.ReadNumber(request) is { } after)
        {
            events = request.Flag("reverseOrder")
                ? events.SkipWhile(each => each.Id >= after)
                : events.SkipWhile(each => each.Id <= after);
        }

        var (items, next) = PageOf(events, request.Page(), withData);
        var token = next && items[items.Count - 1]["id"].TryGetInt64(out var last)
            ? PageToken.Of(request, last)
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
        if (request.Has("mapRunArn") == request.Has("stateMachineArn"))
        {
            throw ApiRefusedException.Missing("Exactly one of stateMachineArn and mapRunArn must be specified");
        }

        if (request.MaybeText("mapRunArn") is { } run)
        {
            return maps.Find(Arns.Check(run, "mapRun")) is not null
                ? new ExecutionQuery { Run = run }
                : throw ApiRefusedException.NoResource(run);
        }

        if (request.MaybeText("statusFilter") == "PENDING_REDRIVE")
        {
            throw ApiRefusedException.Missing("The status filter PENDING_REDRIVE needs a mapRunArn");
        }

        var asked = request.Text("stateMachineArn");
        var (arn, qualifier) = Arns.Machine(asked);
        var machine = machines.Find(arn) ?? throw ApiRefusedException.NoMachine(asked);
        if (machine.IsExpress)
        {
            throw new ApiRefusedException(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine");
        }

        var isThere = qualifier is null || machines.FindAlias(asked) is not null
            || machine.Versions.Any(version => version.Number == Arns.VersionOf(qualifier));
        return isThere ? new ExecutionQuery { Machine = arn } : throw ApiRefusedException.NoMachine(asked);
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

    private static bool IsWithData(ApiRequest request) => request.MaybeText("includedData") != "METADATA_ONLY";

    private FoundExecution Found(string arn) => engine.Store.Find(arn) is { } stored
        ? FoundExecution.Of(stored)
        : throw ApiRefusedException.NoExecution(arn);

    // EXPRESS ones are described only when a Map Run has started them.
    private FoundExecution Described(string arn) =>
        Arns.KindOf(Arns.Check(arn)) == "express" && engine.Store.Find(arn) is { } stored
            && FoundExecution.Of(stored) is { Head.MapRunArn: not null } child
                ? child
                : Found(Arns.Check(arn, "execution"));

    // What a machine that is gone has left can run to its end, and no further.
    private (string? Why, string Status) RedriveOf(FoundExecution found, DateTimeOffset now) =>
        ExecutionRedrives.Of(found, engine.Options, now) is var told
        && told.Status == "REDRIVABLE" && machines.Find(found.Head.MachineArn) is null
            ? (ExecutionRedrives.OfDeletedMachine, "NOT_REDRIVABLE")
            : told;

    private JsonValue RedrivenAt(FoundExecution found) =>
        found.RedriveCount > 0
        && engine.History(found.Key).LastOrDefault(each => each.Type is HistoryEventType.ExecutionRedriven) is { } last
            ? Json.Time(last.At)
            : JsonValue.Undefined;

    private JsonValue Listed(FoundExecution found, bool isOfMapRun)
    {
        var head = found.Head;
        JsonObjectBuilder made = new(10);
        made.Set("executionArn", head.Arn).Set("stateMachineArn", head.MachineArn).Set("name", head.Name);
        made.Set("status", ExecutionNames.Of(found.Status)).Set("startDate", Json.Time(found.StartedAt));
        made.Set("stopDate", found.End is { } end ? Json.Time(end.EndedAt) : JsonValue.Undefined);
        made.Set("mapRunArn", Json.Maybe(head.MapRunArn));
        made.Set("stateMachineVersionArn", Json.Maybe(head.VersionArn));
        made.Set("stateMachineAliasArn", Json.Maybe(head.AliasArn));
        made.Set("itemCount", isOfMapRun ? head.ItemCount : JsonValue.Undefined);
        made.Set("redriveCount", found.RedriveCount).Set("redriveDate", RedrivenAt(found));
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
