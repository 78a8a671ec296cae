using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>One step of a path.</summary>
internal sealed record PathStep(Node Node)
{
    public PathStage[] Stages { get; init; } = [];

    public SortNode? Sort { get; init; }

    public string? Focus { get; init; }

    public string? Index { get; init; }

    public AncestorLabel? Ancestor { get; init; }

    public bool IsTuple { get; init; }

    public bool IsConstructed { get; init; }
}

/// <summary>A predicate, or the name to bind the position to.</summary>
internal readonly record struct PathStage(Filter? Filter, string? Index);

/// <summary>
/// Steps one after the other, each taken from every value that the one before gave. Arrays that a step gives are
/// flattened into its result. From the first step on that binds something, tuples are handed on instead of values.
/// </summary>
internal sealed class PathNode(PathStep[] steps) : InnerNode
{
    private readonly bool _isPlain = Array.TrueForAll(steps, step => step.Sort is null && !step.IsTuple);

    /// <summary>Begins with a variable: then an input that is an array is not gone through.</summary>
    public bool IsAbsolute { get; init; }

    public bool KeepSingletonArray { get; init; }

    /// <summary>Whether a path around it wants the tuples.</summary>
    public bool GivesTuples { get; init; }

    public GroupNode? Group { get; init; }

    /// <summary>The first step's name, for a hint that a $ was forgotten.</summary>
    public string? FirstName => (steps[0].Node as NameNode)?.Name;

    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var isMany = input.IsArray && !IsAbsolute;
        return _isPlain ? Plain(input, isMany, scope) : WithTuples(input, isMany, scope);
    }

    private JsonValue Plain(JsonValue current, bool isMany, Scope scope)
    {
        for (var i = 0; i < steps.Length; i++)
        {
            current = Step(steps[i], i, current, ref isMany, scope);
            if (current.IsUndefined || (isMany && current.AsArray().Count == 0))
            {
                break;
            }
        }

        return Grouped(Sequence(current, isMany), scope);
    }

    /// <summary>The result so far: a sequence if there are many, or the one value alone.</summary>
    private JsonValue Sequence(JsonValue current, bool isMany) =>
        isMany || (!KeepSingletonArray && Group is null) ? current : JsonValue.From(Values.Sequence(current));

    private JsonValue Grouped(JsonValue result, Scope scope)
    {
        if (KeepSingletonArray && result.TryGetArray(out var array))
        {
            var isAlone = (array.Marks & (JsonArrayMarks.Constructed | JsonArrayMarks.Sequence))
                == JsonArrayMarks.Constructed;
            result = isAlone ? JsonValue.From(Values.Sequence(result)) : result;
            result = Values.Kept(result);
        }

        if (Group is not null)
        {
            result = Group.Groups(result, scope);
        }

        return result;
    }

    private JsonValue Step(PathStep step, int index, JsonValue current, ref bool isMany, Scope scope)
    {
        var isLast = index == steps.Length - 1;
        if (index == 0 && step.IsConstructed)
        {
            current = step.Node.Evaluate(
                isMany ? current : JsonValue.From(Values.Sequence(current)), scope);
            isMany = current.IsArray;
            return current;
        }

        return isMany
            ? FromMany(step, current.AsArray(), isLast, scope)
            : FromOne(step, current, isLast, ref isMany, scope);
    }

    private static JsonValue FromOne(PathStep step, JsonValue input, bool isLast, ref bool isMany, Scope scope)
    {
        var result = Taken(step, input, scope);
        if (!result.TryGetArray(out var array))
        {
            return result;
        }

        isMany = true;
        if (isLast && (array.Marks & JsonArrayMarks.Sequence) == 0)
        {
            return result;
        }

        if ((array.Marks & JsonArrayMarks.Constructed) != 0)
        {
            return JsonValue.From(Values.Sequence(result));
        }

        return array.Count == 0 ? default : JsonValue.From(array.Marked(JsonArrayMarks.Sequence));
    }

    private static JsonValue FromMany(PathStep step, JsonArray inputs, bool isLast, Scope scope)
    {
        SequenceBuilder results = new(scope.Run);
        JsonValue only = default;
        var count = 0;
        scope.Run.Spend(inputs.Count);
        foreach (var input in inputs.Items)
        {
            var result = Taken(step, input, scope);
            if (result.IsDefined)
            {
                count++;
                only = result;
                results.AddFlat(result);
            }
        }

        if (isLast && count == 1 && only.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.Sequence) == 0)
        {
            return only;
        }

        return results.Count == 0 ? default : JsonValue.From(results.Build());
    }

    private static JsonValue Taken(PathStep step, JsonValue input, Scope scope)
    {
        var result = step.Node.Evaluate(input, scope);
        foreach (var stage in step.Stages)
        {
            result = stage.Filter!.Apply(result, scope);
        }

        return result;
    }

    private JsonValue WithTuples(JsonValue current, bool isMany, Scope scope)
    {
        List<PathTuple>? tuples = null;
        var isTuple = false;
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            isTuple |= step.IsTuple;
            if (i == 0 && step.IsConstructed)
            {
                current = Step(step, i, current, ref isMany, scope);
            }
            else if (isTuple)
            {
                tuples = TupleSteps.Take(step, current, isMany, tuples, scope);
            }
            else if (step.Sort is not null)
            {
                current = Sorted(step, current, ref isMany, scope);
            }
            else
            {
                current = Step(step, i, current, ref isMany, scope);
            }

            if (!isTuple && (current.IsUndefined || (isMany && current.AsArray().Count == 0)))
            {
                break;
            }
        }

        if (!isTuple)
        {
            return Grouped(Sequence(current, isMany), scope);
        }

        return FinishedTuples(tuples ?? [], scope);
    }

    private JsonValue FinishedTuples(List<PathTuple> tuples, Scope scope)
    {
        if (Group is not null)
        {
            return Group.Groups(tuples, scope);
        }

        if (GivesTuples)
        {
            return JsonValue.From(new TupleStream(tuples));
        }

        SequenceBuilder values = new(scope.Run, tuples.Count);
        foreach (var tuple in tuples)
        {
            values.Add(tuple.Value);
        }

        var result = JsonValue.From(values.Build());
        return KeepSingletonArray ? Values.Kept(result) : result;
    }

    private static JsonValue Sorted(PathStep step, JsonValue current, ref bool isMany, Scope scope)
    {
        var items = Values.ItemsOf(current);
        var marks = current.TryGetArray(out var array) && isMany ? array.Marks : JsonArrayMarks.Sequence;
        var result = isMany
            ? step.Sort!.Sorted(items, scope, marks)
            : JsonValue.From(Values.Sequence(current));
        isMany = true;
        foreach (var stage in step.Stages)
        {
            if (stage.Filter is not null)
            {
                result = stage.Filter.Apply(result, scope);
            }
        }

        return result;
    }
}
