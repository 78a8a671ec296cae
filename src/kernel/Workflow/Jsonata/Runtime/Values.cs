using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>What the language means by a number, by truth, by equality and by a sequence.</summary>
internal static class Values
{
    /// <summary>Whether it is a number; one that is infinite is an error, NaN is none.</summary>
    public static bool IsNumeric(JsonValue value, out double number)
    {
        if (!value.TryGetDouble(out number))
        {
            return false;
        }

        return double.IsInfinity(number) ? throw new JsonataException("D1001", value) : !double.IsNaN(number);
    }

    public static bool IsFunction(JsonValue value) => value.TryGetOpaque<FunctionValue>(out _);

    /// <summary>Undefined is not true.</summary>
    public static bool IsTrue(JsonValue value, Evaluation run)
    {
        switch (value.Kind)
        {
            case JsonKind.Boolean:
                return value.IsTrue;
            case JsonKind.String:
                return value.AsString().Length > 0;
            case JsonKind.Number:
                return IsNumeric(value, out var number) && number != 0;
            case JsonKind.Object:
                return value.AsObject().Count > 0;
            case JsonKind.Array:
                foreach (var item in value.AsArray().Items)
                {
                    run.Enter();
                    var isTrue = IsTrue(item, run);
                    run.Leave();
                    if (isTrue)
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }

    /// <summary>A sequence of one is that one, an empty one is undefined; all else is as it is.</summary>
    public static JsonValue Unwrapped(JsonValue value)
    {
        if (!value.TryGetArray(out var array) || (array.Marks & JsonArrayMarks.Sequence) == 0)
        {
            return value;
        }

        return array.Count switch
        {
            0 => default,
            1 when (array.Marks & JsonArrayMarks.KeepSingleton) == 0 => array[0],
            _ => value,
        };
    }

    /// <summary>The same with a note that, if it is a sequence, it stays one though it has one value.</summary>
    public static JsonValue Kept(JsonValue value) =>
        value.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.Sequence) != 0
            ? JsonValue.From(array.Marked(array.Marks | JsonArrayMarks.KeepSingleton))
            : value;

    public static JsonArray Sequence(JsonValue value) =>
        value.IsUndefined
            ? new JsonArray([], 0, JsonArrayMarks.Sequence)
            : new JsonArray([value], 1, JsonArrayMarks.Sequence);

    /// <summary>The items of an array, or the one value that is none, or nothing.</summary>
    public static ReadOnlySpan<JsonValue> ItemsOf(in JsonValue value)
    {
        if (value.TryGetArray(out var array))
        {
            return array.Items;
        }

        return value.IsUndefined ? [] : new ReadOnlySpan<JsonValue>(in value);
    }

    /// <summary>Both one after the other, a value that is no array as one of one.</summary>
    public static JsonValue Append(JsonValue left, JsonValue right, Evaluation run)
    {
        if (left.IsUndefined || right.IsUndefined)
        {
            return left.IsUndefined ? right : left;
        }

        var first = ItemsOf(left);
        var second = ItemsOf(right);
        var count = (long)first.Length + second.Length;
        run.SpendSequence(count);
        var items = new JsonValue[count];
        first.CopyTo(items);
        second.CopyTo(items.AsSpan(first.Length));
        return JsonValue.From(new JsonArray(items, items.Length));
    }

    /// <summary>By content; functions are equal to themselves alone.</summary>
    public static bool AreEqual(JsonValue left, JsonValue right, Evaluation run)
    {
        if (left.IsSame(right))
        {
            return !(left.TryGetDouble(out var number) && double.IsNaN(number));
        }

        var kind = left.Kind;
        if (kind != right.Kind)
        {
            return false;
        }

        switch (kind)
        {
            case JsonKind.Array:
                return AreEqual(left.AsArray(), right.AsArray(), run);
            case JsonKind.Object:
                return AreEqual(left.AsObject(), right.AsObject(), run);
            default:
                return left.Equals(right);
        }
    }

    private static bool AreEqual(JsonArray left, JsonArray right, Evaluation run)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        run.Enter();
        for (var i = 0; i < left.Count; i++)
        {
            run.Spend(1);
            if (!AreEqual(left[i], right[i], run))
            {
                run.Leave();
                return false;
            }
        }

        run.Leave();
        return true;
    }

    private static bool AreEqual(JsonObject left, JsonObject right, Evaluation run)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        run.Enter();
        for (var i = 0; i < left.Count; i++)
        {
            run.Spend(1);
            var other = ReferenceEquals(left.Shape, right.Shape) ? right.ValueAt(i) : right[left.NameAt(i)];
            if (other.IsUndefined || !AreEqual(left.ValueAt(i), other, run))
            {
                run.Leave();
                return false;
            }
        }

        run.Leave();
        return true;
    }
}
