using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Runs of distributed Maps: looked at, listed and changed.</summary>
internal sealed class MapRunOperations(WorkflowEngine engine, DistributedMaps maps)
{
    public Task<JsonValue> DescribeAsync(ApiRequest request)
    {
        var found = Found(request);
        var run = found.State;
        JsonObjectBuilder made = new(12);
        made.Set("mapRunArn", run.Arn).Set("executionArn", found.ExecutionArn);
        made.Set("status", ExecutionNames.Of(run.Status)).Set("startDate", Json.Time(run.StartedAt));
        made.Set("stopDate", run.EndedAt is { } ended ? Json.Time(ended) : JsonValue.Undefined);
        made.Set("maxConcurrency", run.MaxConcurrency);
        made.Set("toleratedFailurePercentage", JsonValue.FromWritten(run.ToleratedFailurePercentage));
        made.Set("toleratedFailureCount", run.ToleratedFailureCount);
        made.Set("itemCounts", Counts(run.Items)).Set("executionCounts", Counts(run.Executions));
        made.Set("redriveCount", run.RedriveCount);
        made.Set("redriveDate", run.RedrivenAt is { } redriven ? Json.Time(redriven) : JsonValue.Undefined);
        return Task.FromResult<JsonValue>(made.Build());
    }

    public Task<JsonValue> ListAsync(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("executionArn"), "execution");
        var execution = engine.Store.Find(arn) ?? throw ApiRefusedException.NoExecution(arn);
        var (page, next) = PageToken.Take(
            request, maps.RunsOf(execution), run => PageToken.Key(run.State.StartedAt, run.State.Arn));
        JsonArrayBuilder items = new(page.Count);
        foreach (var run in page)
        {
            items.Add(JsonObject.Of(
                ("executionArn", arn),
                ("mapRunArn", run.State.Arn),
                ("stateMachineArn", engine.Options.Arn("stateMachine", run.State.Arn.Split(':')[6])),
                ("startDate", Json.Time(run.State.StartedAt)),
                ("stopDate", run.State.EndedAt is { } ended ? Json.Time(ended) : JsonValue.Undefined)));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("mapRuns", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    public async Task<JsonValue> UpdateAsync(ApiRequest request)
    {
        var found = Found(request);
        long? concurrency = request["maxConcurrency"].TryGetInt64(out var most) ? most : null;
        long? count = request["toleratedFailureCount"].TryGetInt64(out var failures) ? failures : null;
        double? percentage = request["toleratedFailurePercentage"].TryGetDouble(out var part) ? part : null;
        if (concurrency is null && count is null && percentage is null)
        {
            throw ApiRefusedException.Missing(
                "Either maxConcurrency, toleratedFailureCount or toleratedFailurePercentage must be specified");
        }

        if (found.State.EndedAt is not null)
        {
            throw ApiRefusedException.EndedMapRun(found.State.Arn);
        }

        if (engine.Find(found.ExecutionKey) is { } execution)
        {
            await execution.PostAsync(at => new ExecutionEvent.MapRunChanged(
                at, found.State.TaskId, concurrency, count, percentage));
        }

        return JsonObject.Empty;
    }

    private MapRunRecord Found(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("mapRunArn"), "mapRun");
        return maps.Find(arn) ?? throw ApiRefusedException.NoResource(arn);
    }

    private static JsonValue Counts(MapRunCounts counts) => JsonObject.Of(
        ("pending", counts.Pending),
        ("running", counts.Running),
        ("succeeded", counts.Succeeded),
        ("failed", counts.Failed),
        ("timedOut", counts.TimedOut),
        ("aborted", counts.Aborted),
        ("total", counts.Total),
        ("resultsWritten", counts.ResultsWritten),
        ("failuresNotRedrivable", 0),
        ("pendingRedrive", counts.PendingRedrive));
}
