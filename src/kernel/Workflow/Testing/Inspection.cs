using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Files;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Testing;

/// <summary>What flowed through a state, step by step (API reference, InspectionData).</summary>
internal sealed class Inspection(Frame frame)
{
    private readonly JsonObjectBuilder _told = new();
    private readonly JsonObjectBuilder _error = new(3);
    private JsonValue _result;

    public JsonObject Build()
    {
        _told.Set("input", Text(frame.Input));
        if (frame.Scope.Variables.Count > 0)
        {
            Tell("variables", frame.Scope.Variables);
        }

        if (_error.Count > 0)
        {
            _told.Set("errorDetails", _error.Build());
        }

        return _told.Build();
    }

    /// <summary>Before a state that has no machines inside.</summary>
    /// <exception cref="StateErrorException">A field cannot be evaluated.</exception>
    public void Before(Turn turn)
    {
        if (frame.State is PassDefinition { Result.IsDefined: true, IsJsonata: false } pass)
        {
            // What it does not look at is not told.
            Result(pass.Result);
            return;
        }

        var input = DataFlow.EffectiveInput(turn, frame);
        var takesParameters = frame.State.Type is StateType.Task or StateType.Pass;
        if (!frame.State.IsJsonata)
        {
            Tell("afterInputPath", input);
        }

        if (!takesParameters || (frame.State.IsJsonata && frame.State.Type is StateType.Pass))
        {
            return;
        }

        var parameters = DataFlow.Parameters(turn, frame, input);
        Tell(frame.State.IsJsonata ? "afterArguments" : "afterParameters", parameters);
        if (frame.State.Type is StateType.Pass)
        {
            Result(parameters, isTold: false);
        }
    }

    /// <summary>Before a Map or Parallel.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="readerData">What its reader read, as it found it; null for none.</param>
    /// <returns>How many failures it bears; null when it does not say.</returns>
    /// <exception cref="StateErrorException">A field cannot be evaluated.</exception>
    public long? BeforeBranches(Turn turn, string? readerData)
    {
        if (frame.State is not MapDefinition map)
        {
            if (frame.State.IsJsonata && frame.State.Parameters is not null)
            {
                Tell("afterArguments", DataFlow.Parameters(turn, frame, frame.Input));
            }

            return null;
        }

        var input = DataFlow.EffectiveInput(turn, frame);
        var scope = DataFlow.Scope(turn, frame, input);
        if (!map.IsJsonata)
        {
            Tell("afterInputPath", input);
        }

        var items = map.Reader is not null && readerData is not null ? Read(map, map.Reader, readerData)
            : map.Reader is null || HasItems(map, input) ? Selected(map, scope, input)
            : new MapItems(JsonArray.Empty);
        var selected = ItemBatches.Select(turn, frame, map, input, items);
        if (map.ItemSelector is not null)
        {
            Tell("afterItemSelector", JsonArray.Of([.. selected]));
        }

        if (map.Batcher is not null)
        {
            var batches = ItemBatches.Batched(turn, frame, map.Batcher, input, selected);
            Tell("afterItemBatcher", JsonArray.Of([.. batches.Select(batch => batch.Value)]));
        }

        _told.Set("maxConcurrency", MapSteps.Concurrency(map, scope));
        return Tolerance(map, scope, items.Count);
    }

    /// <summary>What the state came to.</summary>
    public void Result(JsonValue result, bool isTold = true)
    {
        _result = result;
        if (isTold)
        {
            Tell("result", result);
        }
    }

    /// <summary>After a state that went well.</summary>
    public void After(Turn turn)
    {
        if (frame.State.IsJsonata || _result.IsUndefined)
        {
            return;
        }

        var selected = frame.State.ResultSelector?.Evaluate(DataFlow.Scope(turn, frame, _result)) ?? _result;
        Tell("afterResultSelector", selected);
        Tell("afterResultPath", DataFlow.ApplyResultPath(frame.State.ResultPath, frame.Input, selected));
    }

    public void Retried(int index, double? backoffSeconds)
    {
        _error.Set("retryIndex", index);
        if (backoffSeconds is { } seconds)
        {
            _error.Set("retryBackoffIntervalSeconds", (long)seconds);
        }
    }

    public void Caught(int index) => _error.Set("catchIndex", index);

    private long? Tolerance(MapDefinition map, EvaluationScope scope, int items)
    {
        if (map.ToleratedFailureCount is null && map.ToleratedFailurePercentage is null)
        {
            return null;
        }

        var (count, percentage) = MapSteps.Tolerance(map, scope);
        if (map.ToleratedFailureCount is not null)
        {
            _told.Set("toleratedFailureCount", count);
        }

        if (map.ToleratedFailurePercentage is not null)
        {
            _told.Set("toleratedFailurePercentage", percentage);
        }

        // More than either is too much.
        var most = (long)(items * percentage / 100);
        return map.ToleratedFailureCount is null ? most
            : map.ToleratedFailurePercentage is null ? count
            : Math.Min(count, most);
    }

    private MapItems Selected(MapDefinition map, EvaluationScope scope, JsonValue input)
    {
        var items = MapSteps.Items(map, scope, input);
        if (!map.IsJsonata)
        {
            Tell("afterItemsPath", items.Inputs);
        }

        return items;
    }

    // What a reader would read may stand in the input (Developer Guide, Testing Distributed Map states).
    private static bool HasItems(MapDefinition map, JsonValue input) =>
        map.Items is not null || !map.ItemsPath.IsWhole || input.IsArray;

    private MapItems Read(MapDefinition map, ItemReaderDefinition reader, string data)
    {
        var isArray = StateTestSubject.Parse(data).TryGetArray(out var given);
        var items = isArray || !ItemFile.TryRead(reader, Encoding.UTF8.GetBytes(data), null, out var read, out _)
            ? given ?? JsonArray.Empty
            : read;
        if (!map.IsJsonata && reader.ItemsPointer is not null)
        {
            Tell("afterItemsPointer", items);
        }

        return new MapItems(items);
    }

    private void Tell(string name, JsonValue value) => _told.Set(name, Text(value));

    private static JsonValue Text(JsonValue value) => value.ToString(JsonWriteOptions.Service);
}
