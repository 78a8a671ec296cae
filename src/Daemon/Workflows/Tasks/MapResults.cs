using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>What came of the executions of a Map run, in the order of their items.</summary>
/// <param name="Results">One for each.</param>
internal sealed record MapResults(IReadOnlyList<MapResult> Results)
{
    private const int Page = 500;

    private static readonly JsonValue Included = JsonObject.Of(("Included", true));

    /// <summary>Inputs of those that were never started.</summary>
    public JsonArray Pending { get; init; } = JsonArray.Empty;

    /// <summary>How often their run was redriven.</summary>
    public int Redrives { get; init; }

    /// <summary>As the store has them.</summary>
    /// <param name="engine">Has the store.</param>
    /// <param name="mapRunArn">The run.</param>
    /// <param name="open">Index and input of those that have not ended, of which some were begun.</param>
    public static MapResults Of(WorkflowEngine engine, string mapRunArn, JsonArray open)
    {
        SortedDictionary<int, StoredExecution> newest = [];
        ExecutionQuery query = new() { Run = mapRunArn, Max = Page };
        while (engine.Store.List(query) is { Count: > 0 } page)
        {
            // The newest first: an EXPRESS one that was redriven has others before it.
            foreach (var each in page)
            {
                newest.TryAdd(ExecutionHead.Read(each.Head).ParentIndex, each);
            }

            query = query with { BeforeKey = page[^1].Key };
        }

        return new MapResults([
            .. newest.Values.Select(FoundExecution.Of).Where(found => found.End is not null)
                .Select(found => MapResult.Of(engine, found)),
        ])
        {
            Pending = JsonArray.Of([
                .. open.Items.ToArray()
                    .Where(each => each[0].TryGetInt32(out var index) && !newest.ContainsKey(index))
                    .Select(each => each[1]),
            ]),
        };
    }

    /// <summary>What the state hands on when nothing is written.</summary>
    public JsonArray All(ResultWriterDefinition writer) => Shown(Results, writer.Transformation);

    /// <summary>Those that succeeded in a redrive of their run, or after it.</summary>
    public JsonArray Succeeded(ResultWriterDefinition writer, int redrive = 0) => Shown(
        Results.Where(result => result.HasSucceeded && result.Redrive >= redrive), writer.Transformation);

    public JsonArray Failed(ResultWriterDefinition writer) =>
        Shown(Results.Where(result => !result.HasSucceeded), writer.Transformation);

    /// <summary>What is told of those that were never started, as a user of the service has published it.</summary>
    public JsonArray NeverStarted() => JsonArray.Of([.. Pending.Items.ToArray().Select(input => JsonValue.From(
        JsonObject.Of(("Input", input.Payload()), ("InputDetails", Included), ("Status", "PENDING"))))]);

    // Of one that failed all is told, whatever the transformation (Developer Guide, ResultWriter).
    private static JsonArray Shown(IEnumerable<MapResult> results, string transformation)
    {
        JsonArrayBuilder shown = new();
        foreach (var result in results)
        {
            if (transformation == "NONE" || !result.HasSucceeded)
            {
                shown.Add(result.Execution);
            }
            else if (transformation == "FLATTEN" && result.Output.TryGetArray(out var inner))
            {
                shown.AddRange(inner.Items);
            }
            else
            {
                shown.Add(result.Output);
            }
        }

        return shown.Build();
    }
}

/// <summary>What came of one execution.</summary>
/// <param name="HasSucceeded">Whether it has an output.</param>
/// <param name="Output">Undefined when it has none.</param>
/// <param name="Execution">All that is told of it.</param>
internal sealed record MapResult(bool HasSucceeded, JsonValue Output, JsonValue Execution)
{
    /// <summary>Which redrive of its run it is of; 0 for the first run.</summary>
    public int Redrive { get; init; }

    private static readonly JsonValue Included = JsonObject.Of(("Included", true));

    public static MapResult Of(WorkflowEngine engine, FoundExecution found)
    {
        var (end, head) = (found.End!, found.Head);
        var hasSucceeded = end.Status is ExecutionStatus.Succeeded;
        var output = hasSucceeded ? engine.OutputOf(head.Arn, end) : JsonValue.Undefined;
        var (text, paged) = engine.InputOf(found.Key);
        JsonObjectBuilder made = new(15);
        made.Set("Cause", Json.Maybe(end.Cause)).Set("Error", Json.Maybe(end.Error));
        made.Set("ExecutionArn", head.Arn);
        made.Set("Input", text ?? engine.Payloads.Load(paged!, $"the input of {head.Arn}").Payload());
        made.Set("InputDetails", Included).Set("Name", head.Name);
        if (hasSucceeded)
        {
            made.Set("Output", output.Payload()).Set("OutputDetails", Included);
        }

        made.Set("RedriveCount", found.RedriveCount);
        var (why, status) = ExecutionRedrives.Of(found, engine.Options, engine.Time.GetUtcNow());
        made.Set("RedriveStatus", status).Set("RedriveStatusReason", Json.Maybe(why));
        made.Set("StartDate", Json.IsoTime(found.StartedAt)).Set("StateMachineArn", head.MachineArn);
        made.Set("Status", ExecutionNames.Of(end.Status)).Set("StopDate", Json.IsoTime(end.EndedAt));
        return new MapResult(hasSucceeded, output, made.Build())
        {
            Redrive = MapRedrives.EndOf(head, end).MapRedrive,
        };
    }
}
