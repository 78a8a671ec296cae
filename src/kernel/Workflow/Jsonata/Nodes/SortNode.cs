using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>
/// Order-by. Each value's terms are evaluated at most once, a later one only where those before are equal.
/// </summary>
internal sealed class SortNode((Node Expression, bool IsDescending)[] terms, int position)
{
    public JsonValue Sorted(ReadOnlySpan<JsonValue> items, Scope scope, JsonArrayMarks marks)
    {
        if (items.Length <= 1)
        {
            return JsonValue.From(new JsonArray(items.ToArray(), items.Length, marks));
        }

        var sorted = new Keyed[items.Length];
        scope.Run.SpendSequence(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            sorted[i] = new Keyed(items[i], scope, null, terms.Length);
        }

        MergeSort.Sort(sorted, IsAfter, scope.Run);
        return JsonValue.From(new JsonArray(Array.ConvertAll(sorted, each => each.Value), sorted.Length));
    }

    public List<PathTuple> Sorted(List<PathTuple> tuples, Scope scope)
    {
        Keyed[] sorted =
        [
            .. tuples.Select(tuple => new Keyed(tuple.Value, tuple.ScopeIn(scope), tuple, terms.Length)),
        ];
        MergeSort.Sort(sorted, IsAfter, scope.Run);
        return [.. sorted.Select(each => each.Tuple!)];
    }

    private static int? Compare(JsonValue left, JsonValue right) => (left.Kind, right.Kind) switch
    {
        (JsonKind.String, JsonKind.String) => string.CompareOrdinal(left.AsString(), right.AsString()),
        (JsonKind.Number, JsonKind.Number) => left.AsDouble().CompareTo(right.AsDouble()),
        _ => null,
    };

    private bool IsAfter(Keyed left, Keyed right)
    {
        for (var i = 0; i < terms.Length; i++)
        {
            var (a, b) = (Key(left, i), Key(right, i));
            if (a.IsUndefined || b.IsUndefined)
            {
                if (a.IsUndefined && b.IsUndefined)
                {
                    continue;
                }

                // What has no key comes last, in either direction.
                return a.IsUndefined;
            }

            if (a.Kind is not (JsonKind.String or JsonKind.Number))
            {
                throw new JsonataException("T2008", a).At(position);
            }

            if (b.Kind is not (JsonKind.String or JsonKind.Number))
            {
                throw new JsonataException("T2008", b).At(position);
            }

            var order = Compare(a, b) ?? throw new JsonataException("T2007", a) { Value2 = b }.At(position);
            if (order != 0)
            {
                return terms[i].IsDescending ? order < 0 : order > 0;
            }
        }

        return false;
    }

    private JsonValue Key(Keyed item, int term)
    {
        if (!item.IsKnown[term])
        {
            item.Keys[term] = terms[term].Expression.Evaluate(item.Value, item.Scope);
            item.IsKnown[term] = true;
        }

        return item.Keys[term];
    }

    private sealed class Keyed(JsonValue value, Scope scope, PathTuple? tuple, int terms)
    {
        public JsonValue Value { get; } = value;

        public Scope Scope { get; } = scope;

        public PathTuple? Tuple { get; } = tuple;

        public JsonValue[] Keys { get; } = new JsonValue[terms];

        public bool[] IsKnown { get; } = new bool[terms];
    }
}

/// <summary>A stable sort that asks of two only whether the first belongs after the second.</summary>
internal static class MergeSort
{
    public static void Sort<T>(T[] items, Func<T, T, bool> isAfter, Evaluation run)
    {
        var (from, into) = (items, new T[items.Length]);
        for (var width = 1; width < items.Length; width *= 2)
        {
            run.Spend(items.Length);
            for (var start = 0; start < items.Length; start += 2 * width)
            {
                var middle = Math.Min(start + width, items.Length);
                Merge(from, into, start, middle, Math.Min(middle + width, items.Length), isAfter);
            }

            (from, into) = (into, from);
        }

        if (!ReferenceEquals(from, items))
        {
            from.CopyTo(items, 0);
        }
    }

    private static void Merge<T>(T[] from, T[] into, int start, int middle, int end, Func<T, T, bool> isAfter)
    {
        var (left, right) = (start, middle);
        for (var at = start; at < end; at++)
        {
            var takeLeft = left < middle && (right >= end || !isAfter(from[left], from[right]));
            into[at] = takeLeft ? from[left++] : from[right++];
        }
    }
}
