using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>+ - * / %: undefined with anything is undefined.</summary>
internal sealed class ArithmeticNode(char op, Node left, Node right, int position) : InnerNode
{
    private const long ExactMax = 1L << 53;

    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var a = left.Evaluate(input, scope);
        var b = right.Evaluate(input, scope);
        if (a.IsInt64 && b.IsInt64 && op is '+' or '-' && a.TryGetInt64(out var x) && b.TryGetInt64(out var y)
            && x is > -ExactMax and < ExactMax && y is > -ExactMax and < ExactMax)
        {
            var sum = op == '+' ? x + y : x - y;
            return sum is >= -ExactMax and <= ExactMax ? JsonValue.From(sum) : JsonValue.From((double)sum);
        }

        return Slow(a, b);
    }

    private JsonValue Slow(JsonValue a, JsonValue b)
    {
        if (a.IsDefined && !IsNumeric(a, out _))
        {
            throw Wrong("T2001", a);
        }

        if (b.IsDefined && !IsNumeric(b, out _))
        {
            throw Wrong("T2002", b);
        }

        if (a.IsUndefined || b.IsUndefined)
        {
            return default;
        }

        var (x, y) = (a.AsDouble(), b.AsDouble());
        return JsonValue.From(op switch
        {
            '+' => x + y,
            '-' => x - y,
            '*' => x * y,
            '/' => x / y,
            _ => x % y,
        });
    }

    private bool IsNumeric(JsonValue value, out double number)
    {
        try
        {
            return Values.IsNumeric(value, out number);
        }
        catch (JsonataException infinite)
        {
            throw infinite.At(position, op.ToString());
        }
    }

    private JsonataException Wrong(string code, JsonValue value) =>
        new JsonataException(code, value).At(position, op.ToString());
}

internal sealed class EqualityNode(bool isEqual, Node left, Node right) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var a = left.Evaluate(input, scope);
        var b = right.Evaluate(input, scope);
        return a.IsDefined && b.IsDefined && Values.AreEqual(a, b, scope.Run) == isEqual;
    }
}

/// <summary>&lt; &lt;= &gt; &gt;=, of two numbers or two texts.</summary>
internal sealed class ComparisonNode(string op, Node left, Node right, int position) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var a = left.Evaluate(input, scope);
        var b = right.Evaluate(input, scope);
        var (leftKind, rightKind) = (a.Kind, b.Kind);
        if (leftKind is JsonKind.Number && rightKind is JsonKind.Number)
        {
            return Compare(a.AsDouble(), b.AsDouble());
        }

        if (!IsComparable(leftKind) || !IsComparable(rightKind))
        {
            var wrong = leftKind is JsonKind.String or JsonKind.Number ? b : a;
            throw new JsonataException("T2010", wrong).At(position, op);
        }

        if (a.IsUndefined || b.IsUndefined)
        {
            return default;
        }

        return leftKind == rightKind
            ? Compare(string.CompareOrdinal(a.AsString(), b.AsString()), 0)
            : throw new JsonataException("T2009", a) { Value2 = b }.At(position, op);
    }

    private static bool IsComparable(JsonKind kind) =>
        kind is JsonKind.Undefined or JsonKind.String or JsonKind.Number;

    private bool Compare(double a, double b) => op switch
    {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    };
}

internal sealed class BooleanNode(bool isAnd, Node left, Node right) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var first = Values.IsTrue(left.Evaluate(input, scope), scope.Run);
        return first == isAnd ? Values.IsTrue(right.Evaluate(input, scope), scope.Run) : first;
    }
}

/// <summary>&amp;: what is undefined adds nothing.</summary>
internal sealed class ConcatNode(Node left, Node right) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var a = Functions.Texts.Of(left.Evaluate(input, scope), scope.Run);
        var b = Functions.Texts.Of(right.Evaluate(input, scope), scope.Run);
        scope.Run.SpendText((long)a.Length + b.Length);
        return string.Concat(a, b);
    }
}

/// <summary>in: whether one of the values is the very same.</summary>
internal sealed class InclusionNode(Node left, Node right) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var wanted = left.Evaluate(input, scope);
        var values = right.Evaluate(input, scope);
        if (wanted.IsUndefined || values.IsUndefined)
        {
            return false;
        }

        var isContainer = wanted.Kind is JsonKind.Array or JsonKind.Object or JsonKind.Opaque;
        var items = Values.ItemsOf(values);
        scope.Run.Spend(items.Length);
        foreach (var item in items)
        {
            if (isContainer ? item.IsSame(wanted) : item.Kind == wanted.Kind && item.Equals(wanted))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>[a..b].</summary>
internal sealed class RangeNode(Node left, Node right, int position) : InnerNode
{
    private const long SizeMax = 10_000_000;

    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var a = left.Evaluate(input, scope);
        var b = right.Evaluate(input, scope);
        if (a.IsDefined && !a.TryGetInt64(out _))
        {
            throw new JsonataException("T2003", a).At(position, "..");
        }

        if (b.IsDefined && !b.TryGetInt64(out _))
        {
            throw new JsonataException("T2004", b).At(position, "..");
        }

        if (!a.TryGetInt64(out var first) || !b.TryGetInt64(out var last) || first > last)
        {
            return default;
        }

        var size = (double)last - first + 1;
        if (size > SizeMax)
        {
            throw new JsonataException("D2014", size).At(position, "..");
        }

        scope.Run.SpendSequence((long)size);
        var items = new JsonValue[(int)size];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = first + i;
        }

        return JsonValue.From(new JsonArray(items, items.Length, JsonArrayMarks.Sequence));
    }
}

internal sealed class NegateNode(Node operand, int position) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var value = operand.Evaluate(input, scope);
        return value.IsUndefined ? default(JsonValue)
            : Values.IsNumeric(value, out var number) ? -number
            : throw new JsonataException("D1002", value).At(position, "-");
    }
}
