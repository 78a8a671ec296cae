using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Nodes;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Functions of arrays, and those that call a function for each value.</summary>
internal static class Arrays
{
    public static JsonValue Map(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var (items, function) = (call.Array(0), call.Function(1));
        SequenceBuilder results = new(call.Run, items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var result = call.Back(function, items[i], i, call[0]);
            if (result.IsDefined)
            {
                results.Add(result);
            }
        }

        return JsonValue.From(results.Build());
    }

    public static JsonValue Filter(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var (items, function) = (call.Array(0), call.Function(1));
        SequenceBuilder results = new(call.Run);
        for (var i = 0; i < items.Count; i++)
        {
            if (Values.IsTrue(call.Back(function, items[i], i, call[0]), call.Run))
            {
                results.Add(items[i]);
            }
        }

        return JsonValue.From(results.Build());
    }

    public static JsonValue Single(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        JsonValue found = default;
        var items = call.Array(0);
        for (var i = 0; i < items.Count; i++)
        {
            if (call.Has(1) && !Values.IsTrue(call.Back(call.Function(1), items[i], i, call[0]), call.Run))
            {
                continue;
            }

            found = found.IsUndefined ? items[i] : throw new JsonataException("D3138") { Index = i };
        }

        return found.IsDefined ? found : throw new JsonataException("D3139");
    }

    public static JsonValue Reduce(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var (items, function) = (call.Array(0), call.Function(1));
        if (function.Arity < 2)
        {
            throw new JsonataException("D3050") { Index = 1 };
        }

        var isFromFirst = !call.Has(2) && items.Count > 0;
        var result = isFromFirst ? items[0] : call[2];
        for (var i = isFromFirst ? 1 : 0; i < items.Count; i++)
        {
            call.Run.Spend(1);
            JsonValue[] given = [result, items[i], i, call[0]];
            result = FunctionValue.CallBack(
                JsonValue.From(function), given.AsSpan(0, Math.Min(function.Arity, given.Length)), call.Scope);
        }

        return result;
    }

    public static JsonValue Zip(in Call call)
    {
        var count = call.Arguments.IsEmpty ? 0 : int.MaxValue;
        foreach (var argument in call.Arguments)
        {
            count = Math.Min(count, argument.TryGetArray(out var array) ? array.Count : 0);
        }

        call.Run.SpendSequence((long)count * (call.Arguments.Length + 1));
        var tuples = new JsonValue[count];
        for (var i = 0; i < count; i++)
        {
            var tuple = new JsonValue[call.Arguments.Length];
            for (var j = 0; j < tuple.Length; j++)
            {
                tuple[j] = call.Arguments[j].AsArray()[i];
            }

            tuples[i] = JsonValue.From(new JsonArray(tuple, tuple.Length));
        }

        return JsonValue.From(new JsonArray(tuples, count));
    }

    public static JsonValue Append(in Call call) => Values.Append(call[0], call[1], call.Run);

    public static JsonValue Reverse(in Call call)
    {
        if (!call.Has(0) || call.Array(0).Count <= 1)
        {
            return call[0];
        }

        call.Run.SpendSequence(call.Array(0).Count);
        var items = call.Array(0).Items.ToArray();
        Array.Reverse(items);
        return JsonValue.From(new JsonArray(items, items.Length));
    }

    public static JsonValue Shuffle(in Call call)
    {
        if (!call.Has(0) || call.Array(0).Count <= 1)
        {
            return call[0];
        }

        var items = call.Array(0).Items;
        call.Run.SpendSequence(items.Length);
        var shuffled = new JsonValue[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            // Inside out: each value so far is as likely in each place.
            var j = (int)Math.Floor(call.Run.NextRandom() * (i + 1));
            shuffled[i] = shuffled[j];
            shuffled[j] = items[i];
        }

        return JsonValue.From(new JsonArray(shuffled, shuffled.Length));
    }

    public static JsonValue Sort(in Call call)
    {
        if (!call.Has(0) || call.Array(0).Count <= 1)
        {
            return call[0];
        }

        call.Run.SpendSequence(call.Array(0).Count);
        var items = call.Array(0).Items.ToArray();
        if (!call.Has(1))
        {
            return Ordered(items, call.Run);
        }

        var (comparator, scope) = (call.Function(1), call.Scope);
        var function = JsonValue.From(comparator);
        MergeSort.Sort(
            items,
            (left, right) =>
            {
                scope.Run.Spend(1);
                return IsTruthy(FunctionValue.CallBack(function, [left, right], scope));
            },
            call.Run);
        return JsonValue.From(new JsonArray(items, items.Length));
    }

    public static JsonValue Distinct(in Call call)
    {
        if (!call[0].TryGetArray(out var array) || array.Count <= 1)
        {
            return call[0];
        }

        HashSet<JsonValue> seen = new(new ContentComparer(call.Run));
        SequenceBuilder results = new(call.Run);
        foreach (var item in array.Items)
        {
            call.Run.Spend(1);
            if (seen.Add(item))
            {
                results.Add(item);
            }
        }

        return JsonValue.From(results.Build(array.Marks & JsonArrayMarks.Sequence));
    }

    private static JsonValue Ordered(JsonValue[] items, Evaluation run)
    {
        var numbers = Array.TrueForAll(items, item => Values.IsNumeric(item, out _));
        if (!numbers && !Array.TrueForAll(items, item => item.IsString))
        {
            throw new JsonataException("D3070") { Index = 1 };
        }

        Func<JsonValue, JsonValue, bool> isAfter = numbers
            ? (left, right) => left.AsDouble() > right.AsDouble()
            : (left, right) => string.CompareOrdinal(left.AsString(), right.AsString()) > 0;
        MergeSort.Sort(items, isAfter, run);
        return JsonValue.From(new JsonArray(items, items.Length));
    }

    /// <summary>What JavaScript takes for true, which is not what the language does: any array or object is.</summary>
    private static bool IsTruthy(JsonValue value) => value.Kind switch
    {
        JsonKind.Boolean => value.IsTrue,
        JsonKind.Number => value.AsDouble() is not (0 or double.NaN),
        JsonKind.String => value.AsString().Length > 0,
        JsonKind.Undefined or JsonKind.Null => false,
        _ => true,
    };

    /// <summary>By content, counted as work.</summary>
    private sealed class ContentComparer(Evaluation run) : IEqualityComparer<JsonValue>
    {
        public bool Equals(JsonValue x, JsonValue y) => Values.AreEqual(x, y, run);

        public int GetHashCode(JsonValue obj)
        {
            if (obj.Kind is not (JsonKind.Array or JsonKind.Object))
            {
                return obj.GetHashCode();
            }

            run.Enter();
            var hash = obj.Kind is JsonKind.Array ? OfArray(obj.AsArray()) : OfObject(obj.AsObject());
            run.Leave();
            return hash;
        }

        private int OfArray(JsonArray array)
        {
            var hash = array.Count;
            foreach (var item in array.Items)
            {
                run.Spend(1);
                hash = unchecked((hash * 31) + GetHashCode(item));
            }

            return hash;
        }

        /// <summary>The order of members does not matter.</summary>
        private int OfObject(JsonObject members)
        {
            var hash = members.Count;
            foreach (var (name, value) in members)
            {
                run.Spend(1);
                hash = unchecked(hash + (JsonValue.From(name).GetHashCode() ^ (GetHashCode(value) * 31)));
            }

            return hash;
        }
    }
}
