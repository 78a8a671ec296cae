using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>Steps of a path that binds: from tuples to tuples.</summary>
internal static class TupleSteps
{
    /// <param name="step">To take.</param>
    /// <param name="input">What the step begins with when there are no tuples yet.</param>
    /// <param name="isMany">Whether the input is many values or one.</param>
    /// <param name="tuples">Of the step before, if it had any.</param>
    /// <param name="scope">Around the path.</param>
    public static List<PathTuple> Take(
        PathStep step, JsonValue input, bool isMany, List<PathTuple>? tuples, Scope scope)
    {
        var result = step.Sort is not null
            ? Sorted(step, input, isMany, tuples, scope)
            : Taken(step, tuples ?? Begin(input, isMany, scope), scope);
        foreach (var stage in step.Stages)
        {
            if (stage.Filter is not null)
            {
                result = stage.Filter.Tuples(result, scope);
                continue;
            }

            for (var i = 0; i < result.Count; i++)
            {
                result[i].Bind(stage.Index!, i);
            }
        }

        return result;
    }

    private static List<PathTuple> Begin(JsonValue input, bool isMany, Scope scope)
    {
        if (!isMany)
        {
            return [new PathTuple(input)];
        }

        var items = input.AsArray().Items;
        scope.Run.SpendSequence(items.Length);
        List<PathTuple> tuples = new(items.Length);
        foreach (var item in items)
        {
            tuples.Add(new PathTuple(item));
        }

        return tuples;
    }

    private static List<PathTuple> Sorted(
        PathStep step, JsonValue input, bool isMany, List<PathTuple>? tuples, Scope scope)
    {
        if (tuples is not null)
        {
            return step.Sort!.Sorted(tuples, scope);
        }

        var sorted = isMany
            ? step.Sort!.Sorted(input.AsArray().Items, scope, JsonArrayMarks.Sequence)
            : JsonValue.From(Values.Sequence(input));
        var result = Begin(sorted, isMany: true, scope);
        if (step.Index is not null)
        {
            for (var i = 0; i < result.Count; i++)
            {
                result[i].Bind(step.Index, i);
            }
        }

        return result;
    }

    private static List<PathTuple> Taken(PathStep step, List<PathTuple> tuples, Scope scope)
    {
        List<PathTuple> result = [];
        foreach (var tuple in tuples)
        {
            var taken = step.Node.Evaluate(tuple.Value, tuple.ScopeIn(scope));
            if (taken.TryGetOpaque<TupleStream>(out var stream))
            {
                scope.Run.SpendSequence(result.Count + (long)stream.Tuples.Count);
                foreach (var inner in stream.Tuples)
                {
                    result.Add(Merged(tuple, inner));
                }

                continue;
            }

            var items = Values.ItemsOf(taken);
            scope.Run.SpendSequence(result.Count + (long)items.Length);
            scope.Run.Spend(items.Length);
            for (var i = 0; i < items.Length; i++)
            {
                result.Add(Next(step, tuple, items[i], i));
            }
        }

        return result;
    }

    private static PathTuple Merged(PathTuple outer, PathTuple inner)
    {
        var merged = outer.Copy();
        merged.Value = inner.Value;
        foreach (var (name, value) in inner.Bindings)
        {
            merged.Bind(name, value);
        }

        return merged;
    }

    private static PathTuple Next(PathStep step, PathTuple tuple, JsonValue item, int index)
    {
        var next = tuple.Copy();
        if (step.Focus is null)
        {
            next.Value = item;
        }
        else
        {
            next.Bind(step.Focus, item);
        }

        if (step.Index is not null)
        {
            next.Bind(step.Index, index);
        }

        if (step.Ancestor is not null)
        {
            next.Bind(step.Ancestor.Text, tuple.Value);
        }

        return next;
    }
}
