using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>A predicate: by position when it gives numbers, else by truth.</summary>
internal sealed class Filter(Node predicate)
{
    public JsonValue Apply(JsonValue input, Scope scope)
    {
        if (input.TryGetOpaque<TupleStream>(out var stream))
        {
            return JsonValue.From(new TupleStream(Tuples(stream.Tuples, scope)));
        }

        var items = Values.ItemsOf(input);
        if (predicate is LiteralNode { Value.Kind: JsonKind.Number } literal)
        {
            return At(items, literal.Value.AsDouble());
        }

        if (input.IsUndefined)
        {
            // Asked of nothing, too: what is wrong with the predicate shows.
            Times(predicate.Evaluate(default, scope), 0, 1, scope.Run);
            return default;
        }

        SequenceBuilder kept = new(scope.Run);
        scope.Run.Spend(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            var verdict = predicate.Evaluate(items[i], scope);
            for (var times = Times(verdict, i, items.Length, scope.Run); times > 0; times--)
            {
                kept.Add(items[i]);
            }
        }

        return JsonValue.From(kept.Build());
    }

    public List<PathTuple> Tuples(List<PathTuple> tuples, Scope scope)
    {
        List<PathTuple> kept = [];
        if (predicate is LiteralNode { Value.Kind: JsonKind.Number } literal)
        {
            var index = IndexOf(literal.Value.AsDouble(), tuples.Count);
            if (index >= 0 && index < tuples.Count)
            {
                kept.Add(tuples[(int)index]);
            }

            return kept;
        }

        scope.Run.Spend(tuples.Count);
        for (var i = 0; i < tuples.Count; i++)
        {
            var verdict = predicate.Evaluate(tuples[i].Value, tuples[i].ScopeIn(scope));
            for (var times = Times(verdict, i, tuples.Count, scope.Run); times > 0; times--)
            {
                kept.Add(tuples[i]);
            }
        }

        return kept;
    }

    private static JsonValue At(ReadOnlySpan<JsonValue> items, double position)
    {
        var index = IndexOf(position, items.Length);
        if (index < 0 || index >= items.Length)
        {
            return JsonValue.From(new JsonArray([], 0, JsonArrayMarks.Sequence));
        }

        var item = items[(int)index];
        return item.IsArray ? item : JsonValue.From(Values.Sequence(item));
    }

    /// <summary>Rounded down; negative ones count from the end.</summary>
    private static double IndexOf(double position, int count)
    {
        var index = Math.Floor(position);
        return index < 0 ? count + index : index;
    }

    private static int Times(JsonValue verdict, int index, int count, Evaluation run)
    {
        if (verdict.IsBoolean)
        {
            return verdict.IsTrue ? 1 : 0;
        }

        if (Values.IsNumeric(verdict, out var position))
        {
            return IndexOf(position, count) == index ? 1 : 0;
        }

        if (!verdict.TryGetArray(out var array) || !HoldsOnlyNumbers(array))
        {
            return Values.IsTrue(verdict, run) ? 1 : 0;
        }

        var times = 0;
        run.Spend(array.Count);
        foreach (var item in array.Items)
        {
            times += IndexOf(item.AsDouble(), count) == index ? 1 : 0;
        }

        return times;
    }

    private static bool HoldsOnlyNumbers(JsonArray array)
    {
        foreach (var item in array.Items)
        {
            if (!Values.IsNumeric(item, out _))
            {
                return false;
            }
        }

        return true;
    }
}
