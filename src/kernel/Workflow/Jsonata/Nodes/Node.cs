using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>A compiled expression. Has no state: any number of evaluations may use it.</summary>
internal abstract class Node
{
    /// <summary>Marked with []: a sequence that it gives stays an array, though it has one value.</summary>
    public bool KeepArray { get; set; }

    public abstract JsonValue Evaluate(JsonValue input, Scope scope);

    protected JsonValue Finished(JsonValue result) => Values.Unwrapped(KeepArray ? Values.Kept(result) : result);
}

/// <summary>A node with others in it: counted, and a sequence that it gives is unwrapped.</summary>
internal abstract class InnerNode : Node
{
    public sealed override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        scope.Run.Enter();
        var result = Run(input, scope);
        scope.Run.Leave();
        return Finished(result);
    }

    protected abstract JsonValue Run(JsonValue input, Scope scope);
}

internal sealed class LiteralNode(JsonValue value) : Node
{
    public JsonValue Value { get; } = value;

    public override JsonValue Evaluate(JsonValue input, Scope scope) => Value;
}

/// <summary>$: what the expression looks at now.</summary>
internal sealed class ContextNode : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope) =>
        input.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.OuterWrapper) != 0
            ? array[0]
            : Values.Unwrapped(input);
}

internal sealed class VariableNode(string name) : Node
{
    public string Name { get; } = name;

    public override JsonValue Evaluate(JsonValue input, Scope scope) => Finished(scope.Find(Name));
}

/// <summary>A variable that nothing in the expression binds: the caller's, or a function.</summary>
internal sealed class GlobalNode(string name) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope) => Finished(scope.Run.Global(name));
}

internal sealed class ParentNode(AncestorLabel label) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope) => Values.Unwrapped(scope.Find(label.Text));
}

/// <summary>The name under which a step keeps its input for a parent operator.</summary>
internal sealed record AncestorLabel(string Text);

/// <summary>A member by name; of an array, that of each of its objects.</summary>
internal sealed class NameNode(string name) : Node
{
    private const int HitsMax = 64;

    /// <summary>Where the name was in the last object: the next one has often the same shape.</summary>
    private Hit? _hit;
    private int _misses;

    public string Name { get; } = name;

    public override JsonValue Evaluate(JsonValue input, Scope scope) => Values.Unwrapped(Find(input, scope.Run));

    public JsonValue Find(JsonValue input, Evaluation run)
    {
        if (input.TryGetObject(out var members))
        {
            return Member(members);
        }

        if (!input.TryGetArray(out var array))
        {
            return default;
        }

        SequenceBuilder found = new(run);
        Collect(array, run, ref found);
        return JsonValue.From(found.Build());
    }

    private void Collect(JsonArray array, Evaluation run, ref SequenceBuilder found)
    {
        run.Enter();
        run.Spend(array.Count);
        foreach (var item in array.Items)
        {
            if (item.TryGetObject(out var members))
            {
                var value = Member(members);
                if (value.TryGetArray(out var inner))
                {
                    found.AddRange(inner.Items);
                }
                else if (value.IsDefined)
                {
                    found.Add(value);
                }
            }
            else if (item.TryGetArray(out var nested))
            {
                Collect(nested, run, ref found);
            }
        }

        run.Leave();
    }

    private JsonValue Member(JsonObject members)
    {
        var hit = _hit;
        if (hit is not null && ReferenceEquals(hit.Shape, members.Shape))
        {
            return members.ValueAt(hit.Index);
        }

        var index = members.Shape.IndexOf(Name);
        if (index < 0)
        {
            return default;
        }

        if (_misses < HitsMax)
        {
            _misses++;
            _hit = new Hit(members.Shape, index);
        }

        return members.ValueAt(index);
    }

    private sealed record Hit(JsonShape Shape, int Index);
}

/// <summary>*: the values of all members.</summary>
internal sealed class WildcardNode : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        if (input.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.OuterWrapper) != 0)
        {
            input = array[0];
        }

        SequenceBuilder found = new(scope.Run);
        var marks = JsonArrayMarks.Sequence;
        if (input.TryGetObject(out var members))
        {
            Add(members.Values, scope.Run, ref found, ref marks);
        }
        else if (input.TryGetArray(out array))
        {
            Add(array.Items, scope.Run, ref found, ref marks);
        }

        return Finished(JsonValue.From(found.Build(marks)));
    }

    private static void Add(
        ReadOnlySpan<JsonValue> values, Evaluation run, ref SequenceBuilder found, ref JsonArrayMarks marks)
    {
        run.Spend(values.Length);
        foreach (var value in values)
        {
            if (value.TryGetArray(out var array))
            {
                // With an array among the values, what comes out is an array even if it has one value.
                marks = JsonArrayMarks.None;
                Flatten(array, run, ref found);
            }
            else
            {
                found.Add(value);
            }
        }
    }

    private static void Flatten(JsonArray array, Evaluation run, ref SequenceBuilder found)
    {
        run.Enter();
        run.Spend(array.Count);
        foreach (var item in array.Items)
        {
            if (item.TryGetArray(out var inner))
            {
                Flatten(inner, run, ref found);
            }
            else
            {
                found.Add(item);
            }
        }

        run.Leave();
    }
}

/// <summary>**: the input and everything in it, arrays by their items.</summary>
internal sealed class DescendantNode : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        if (input.IsUndefined)
        {
            return default;
        }

        SequenceBuilder found = new(scope.Run);
        Collect(input, scope.Run, ref found);
        return Finished(JsonValue.From(found.Build()));
    }

    private static void Collect(JsonValue value, Evaluation run, ref SequenceBuilder found)
    {
        run.Enter();
        if (value.TryGetArray(out var array))
        {
            foreach (var item in array.Items)
            {
                Collect(item, run, ref found);
            }
        }
        else
        {
            found.Add(value);
            if (value.TryGetObject(out var members))
            {
                foreach (var member in members.Values)
                {
                    Collect(member, run, ref found);
                }
            }
        }

        run.Leave();
    }
}

/// <summary>Predicates and a grouping on what is no path.</summary>
internal sealed class DecoratedNode(Node inner, Filter[] predicates, GroupNode? group) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        scope.Run.Enter();
        var result = inner.Evaluate(input, scope);
        foreach (var predicate in predicates)
        {
            result = predicate.Apply(result, scope);
        }

        if (group is not null)
        {
            result = group.Groups(result, scope);
        }

        scope.Run.Leave();
        return Finished(result);
    }
}
