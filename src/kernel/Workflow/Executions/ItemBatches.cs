using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>The inputs of a distributed Map's executions: items as they are selected, alone or in batches.</summary>
internal static class ItemBatches
{
    public static IReadOnlyList<(JsonValue Value, int Items)> Make(
        Turn turn, Frame frame, MapDefinition map, JsonValue input, MapItems items)
    {
        var selected = Select(turn, frame, map, input, items);
        return map.Batcher is null
            ? [.. selected.Select(item => (item, 1))]
            : Batched(turn, frame, map.Batcher, input, selected);
    }

    /// <summary>Each item as ItemSelector makes it.</summary>
    public static List<JsonValue> Select(
        Turn turn, Frame frame, MapDefinition map, JsonValue input, MapItems items)
    {
        if (map.ItemSelector is null)
        {
            return [.. items.Inputs.Items];
        }

        List<JsonValue> selected = new(items.Count);
        foreach (var context in items.Contexts())
        {
            selected.Add(MapSteps.Select(turn, frame, map, context, items.Inputs[selected.Count], input));
        }

        return selected;
    }

    // A batch ends when it has as many items, or as many bytes, as it may have; one item is always taken.
    public static List<(JsonValue Value, int Items)> Batched(
        Turn turn, Frame frame, ItemBatcherDefinition batcher, JsonValue input, List<JsonValue> items)
    {
        var scope = DataFlow.Scope(turn, frame, input);
        var common = batcher.BatchInput?.Evaluate(scope) ?? default;
        var itemsMax = Max(batcher.MaxItemsPerBatch, scope);
        var bytesMax = Math.Min(Max(batcher.MaxInputBytesPerBatch, scope), turn.Identity.PayloadBytesMax);
        List<(JsonValue, int)> batches = [];
        JsonArrayBuilder batch = new();
        var bytes = Length(common);
        foreach (var item in items)
        {
            var more = Length(item) + 1;
            if (batch.Count > 0 && (batch.Count >= itemsMax || bytes + more > bytesMax))
            {
                batches.Add(Close(batch, common));
                bytes = Length(common);
            }

            batch.Add(item);
            bytes += more;
        }

        if (batch.Count > 0)
        {
            batches.Add(Close(batch, common));
        }

        return batches;
    }

    // Zero is taken, and stands for none.
    private static long Max(ValueField? field, EvaluationScope scope) =>
        MapSteps.Whole(field, scope) is > 0 and var max ? max : long.MaxValue;

    private static (JsonValue Value, int Items) Close(JsonArrayBuilder batch, JsonValue common)
    {
        var count = batch.Count;
        JsonObjectBuilder made = new(2);
        made.Set("BatchInput", common);
        made.Set("Items", batch.Build());
        return (made.Build(), count);
    }

    private static long Length(JsonValue value) =>
        value.IsUndefined ? "{\"Items\":[]}".Length : value.Utf8Length(JsonWriteOptions.Service);
}
