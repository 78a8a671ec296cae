using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>
/// |pattern|update, delete|: a function that copies what it is given and changes, in the copy, every object that the
/// pattern finds. A change is seen by what is evaluated after it, so the copy itself is changed, not a copy of it.
/// </summary>
internal sealed class TransformNode(Node pattern, Node update, Node? delete, int position) : Node
{
    private static readonly Signature Takes = Signature.Parse("<(oa):o>");

    public int UpdatePosition { get; init; }

    public int DeletePosition { get; init; }

    public override JsonValue Evaluate(JsonValue input, Scope scope) => JsonValue.From(new NativeFunction(
        "transform", 1, Takes, (in Call call) => call[0].IsUndefined ? default : Transformed(call[0], scope)));

    private JsonValue Transformed(JsonValue value, Scope scope)
    {
        var clone = scope.Find("clone");
        if (!clone.TryGetOpaque<FunctionValue>(out var function))
        {
            throw new JsonataException("T2013").At(position);
        }

        if (function is not NativeFunction)
        {
            value = FunctionValue.Apply(clone, [value], JsonValue.Null, scope);
        }

        var copy = Objects.Clone(value, scope.Run);
        var matches = pattern.Evaluate(copy, scope);
        var own = ObjectsOf(copy);
        foreach (var match in Values.ItemsOf(matches))
        {
            scope.Run.Spend(1);
            // A pattern may give what is not of the copy, such as the empty object that everybody has: it stays.
            var isOwn = match.TryGetObject(out var target) && own.Contains(target);
            Update(match, isOwn, scope);
            Delete(match, isOwn, scope);
        }

        return copy;
    }

    private static HashSet<JsonObject> ObjectsOf(JsonValue copy)
    {
        HashSet<JsonObject> found = new(ReferenceEqualityComparer.Instance);
        Stack<JsonValue> left = new();
        left.Push(copy);
        while (left.TryPop(out var next))
        {
            ReadOnlySpan<JsonValue> inner = default;
            if (next.TryGetObject(out var members))
            {
                found.Add(members);
                inner = members.Values;
            }
            else if (next.TryGetArray(out var items))
            {
                inner = items.Items;
            }

            foreach (var each in inner)
            {
                left.Push(each);
            }
        }

        return found;
    }

    private void Update(JsonValue match, bool isOwn, Scope scope)
    {
        var changes = update.Evaluate(match, scope);
        if (changes.IsUndefined)
        {
            return;
        }

        if (!changes.TryGetObject(out var members))
        {
            throw new JsonataException("T2011", changes).At(UpdatePosition);
        }

        if (isOwn && match.TryGetObject(out var target))
        {
            JsonObjectBuilder changed = new(target);
            foreach (var (name, value) in members)
            {
                changed.Set(name, value);
            }

            target.Become(changed.Build());
        }
    }

    private void Delete(JsonValue match, bool isOwn, Scope scope)
    {
        var names = delete is null ? default : delete.Evaluate(match, scope);
        foreach (var name in Values.ItemsOf(names))
        {
            if (!name.IsString)
            {
                throw new JsonataException("T2012", names).At(DeletePosition);
            }
        }

        if (!isOwn || !match.TryGetObject(out var target))
        {
            return;
        }

        foreach (var name in Values.ItemsOf(names))
        {
            scope.Run.Spend(target.Count >> 3);
            target.Become(target.Without(name.AsString()));
        }
    }
}
