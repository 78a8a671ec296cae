using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Paths;

/// <summary>One step of a path.</summary>
internal abstract class PathSegment
{
    /// <summary>Whether it finds one value at most.</summary>
    public virtual bool IsDefinite => false;

    /// <summary>As Jayway writes it in its messages.</summary>
    public abstract string Canonical { get; }

    /// <summary>What it is at the end of a path.</summary>
    public virtual PathSegment AsLast() => this;

    /// <summary>The one value that a definite one finds, or undefined.</summary>
    public virtual JsonValue Step(JsonValue value) => default;

    /// <summary>All that it finds, in the document's order.</summary>
    public abstract IEnumerable<JsonValue> All(JsonValue value, JsonValue root);
}

/// <summary>One that finds one value at most.</summary>
internal abstract class DefiniteSegment : PathSegment
{
    public override bool IsDefinite => true;

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root) =>
        Step(value) is { IsDefined: true } found ? [found] : [];
}

/// <summary>.name and ['name']</summary>
internal sealed class NameSegment(string name) : DefiniteSegment
{
    public string Name { get; } = name;

    public override string Canonical => $"['{Name}']";

    public override JsonValue Step(JsonValue value) => value[Name];
}

/// <summary>[0] and [-1]</summary>
internal sealed class IndexSegment(int index) : DefiniteSegment
{
    public int Index { get; } = index;

    public override string Canonical => string.Create(CultureInfo.InvariantCulture, $"[{Index}]");

    public override JsonValue Step(JsonValue value) =>
        value.TryGetArray(out var items) ? value[Index < 0 ? items.Count + Index : Index] : default;
}

/// <summary>['a','b'], which leads nowhere: Jayway has it at the end of a path only.</summary>
internal sealed class NamesSegment(IReadOnlyList<string> names) : PathSegment
{
    public override string Canonical => $"[{string.Join(", ", names.Select(name => $"'{name}'"))}]";

    public override PathSegment AsLast() => new PickSegment(Canonical, names);

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root) => [];
}

/// <summary>['a','b'] at the end: one object, of those properties that are there.</summary>
internal sealed class PickSegment(string canonical, IReadOnlyList<string> names) : DefiniteSegment
{
    public override string Canonical => canonical;

    public override JsonValue Step(JsonValue value)
    {
        if (!value.TryGetObject(out var fields))
        {
            return default;
        }

        JsonObjectBuilder picked = new(names.Count);
        foreach (var name in names)
        {
            if (fields.TryGet(name, out var found))
            {
                picked.Set(name, found);
            }
        }

        return picked.Build();
    }
}

/// <summary>[0,2]</summary>
internal sealed class IndicesSegment(IReadOnlyList<int> indices) : PathSegment
{
    public override string Canonical => $"[{string.Join(',', indices)}]";

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root) => indices
        .Select(index => new IndexSegment(index).Step(value))
        .Where(found => found.IsDefined);
}

/// <summary>[1:3]; a missing bound is open, a negative one counts from the end.</summary>
internal sealed class SliceSegment(int? from, int? to, int step) : PathSegment
{
    public override string Canonical => string.Create(CultureInfo.InvariantCulture, $"[{from}:{to}]");

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root)
    {
        if (!value.TryGetArray(out var items))
        {
            yield break;
        }

        var first = Clamp(from ?? 0, items.Count);
        var end = Clamp(to ?? items.Count, items.Count);
        for (var i = first; i < end; i += step)
        {
            yield return items[i];
        }
    }

    private static int Clamp(int bound, int count) => Math.Clamp(bound < 0 ? count + bound : bound, 0, count);
}

/// <summary>.* and [*]</summary>
internal sealed class WildcardSegment : PathSegment
{
    public static readonly WildcardSegment It = new();

    public override string Canonical => "[*]";

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root) => Children(value);

    public static JsonValue[] Children(JsonValue value) =>
        value.TryGetArray(out var items) ? items.Items.ToArray()
        : value.TryGetObject(out var fields) ? fields.Values.ToArray()
        : [];
}

/// <summary>.. before another step: that step below every value of the tree, the tree's root first.</summary>
internal sealed class DescendantSegment(PathSegment step) : PathSegment
{
    public override string Canonical => $"..{step.Canonical}";

    public override PathSegment AsLast() => new DescendantSegment(step.AsLast());

    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root)
    {
        Stack<JsonValue> waiting = new([value]);
        while (waiting.TryPop(out var at))
        {
            foreach (var found in step.All(at, root))
            {
                yield return found;
            }

            var below = WildcardSegment.Children(at);
            for (var i = below.Length - 1; i >= 0; i--)
            {
                if (below[i].IsArray || below[i].IsObject)
                {
                    waiting.Push(below[i]);
                }
            }
        }
    }
}

/// <summary>[?( … )]</summary>
internal sealed class FilterSegment(PathFilter filter) : PathSegment
{
    public override string Canonical => "[?]";

    // Jayway filters the elements of an array, and an object as if it were the only one.
    public override IEnumerable<JsonValue> All(JsonValue value, JsonValue root) =>
        value.TryGetArray(out var items) ? items.Items.ToArray().Where(item => filter.Holds(item, root))
        : value.IsObject && filter.Holds(value, root) ? [value]
        : [];
}
