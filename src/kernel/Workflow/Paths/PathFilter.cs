using System.Text.RegularExpressions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Paths;

/// <summary>What a filter asks of an element.</summary>
internal abstract class PathFilter
{
    public abstract bool Holds(JsonValue item, JsonValue root);
}

/// <summary>&amp;&amp; and ||</summary>
internal sealed class JoinedFilter(bool all, IReadOnlyList<PathFilter> parts) : PathFilter
{
    public override bool Holds(JsonValue item, JsonValue root) =>
        all ? parts.All(part => part.Holds(item, root)) : parts.Any(part => part.Holds(item, root));
}

/// <summary>!( … )</summary>
internal sealed class NotFilter(PathFilter part) : PathFilter
{
    public override bool Holds(JsonValue item, JsonValue root) => !part.Holds(item, root);
}

/// <summary>A path alone: whether there is such a thing.</summary>
internal sealed class ExistsFilter(PathOperand operand) : PathFilter
{
    public override bool Holds(JsonValue item, JsonValue root) => operand.Get(item, root).IsDefined;
}

/// <summary>Two operands and an operator of Jayway's.</summary>
internal sealed class ComparisonFilter(PathOperand left, string by, PathOperand right) : PathFilter
{
    public override bool Holds(JsonValue item, JsonValue root)
    {
        var a = left.Get(item, root);
        if (by == "=~")
        {
            return a.TryGetString(out var text) && right.Pattern is { } pattern && pattern.IsMatch(text);
        }

        return Compare(a, right.Get(item, root));
    }

    private bool Compare(JsonValue a, JsonValue b) => by switch
    {
        "==" or "===" => a == b,
        "!=" or "!==" => a != b,
        "<" => Order(a, b) is < 0,
        "<=" => Order(a, b) is <= 0,
        ">" => Order(a, b) is > 0,
        ">=" => Order(a, b) is >= 0,
        "in" => a.IsDefined && Contains(b, a),
        "nin" => a.IsDefined && b.IsArray && !Contains(b, a),
        "contains" => a.TryGetString(out var text)
            ? b.TryGetString(out var part) && text.Contains(part, StringComparison.Ordinal)
            : Contains(a, b),
        "subsetof" => a.IsArray && b.IsArray && Array.TrueForAll(ItemsOf(a), item => Contains(b, item)),
        "anyof" => b.IsArray && Array.Exists(ItemsOf(a), item => Contains(b, item)),
        "noneof" => a.IsArray && b.IsArray && !Array.Exists(ItemsOf(a), item => Contains(b, item)),
        "size" => b.TryGetInt32(out var wanted) && Size(a) == wanted,
        "empty" => b.IsBoolean && Size(a) is { } size && (size == 0) == b.IsTrue,
        _ => false,
    };

    private static JsonValue[] ItemsOf(JsonValue value) =>
        value.TryGetArray(out var items) ? items.Items.ToArray() : [];

    private static bool Contains(JsonValue items, JsonValue wanted) =>
        wanted.IsDefined && Array.Exists(ItemsOf(items), item => item == wanted);

    private static int? Order(JsonValue a, JsonValue b) =>
        a.TryGetDouble(out var x) && b.TryGetDouble(out var y) ? x.CompareTo(y)
        : a.TryGetString(out var text) && b.TryGetString(out var other) ? string.CompareOrdinal(text, other)
        : null;

    private static int? Size(JsonValue value) =>
        value.TryGetArray(out var items) ? items.Count
        : value.TryGetObject(out var fields) ? fields.Count
        : value.TryGetString(out var text) ? text.Length
        : null;
}

/// <summary>One side of a comparison: a path from the element or the document, a literal, or a pattern.</summary>
internal sealed class PathOperand
{
    private readonly JsonPath? _path;
    private readonly bool _fromRoot;
    private readonly JsonValue _literal;

    public PathOperand(JsonPath path, bool fromRoot) => (_path, _fromRoot) = (path, fromRoot);

    public PathOperand(JsonValue literal) => _literal = literal;

    public PathOperand(Regex pattern) => Pattern = pattern;

    public Regex? Pattern { get; }

    public bool IsPath => _path is not null;

    /// <summary>Undefined when its path finds nothing.</summary>
    public JsonValue Get(JsonValue item, JsonValue root)
    {
        if (_path is null)
        {
            return _literal;
        }

        var found = _path.Find(_fromRoot ? root : item, out _);
        return !_path.IsDefinite && found.TryGetArray(out var all) && all.Count == 0 ? default : found;
    }
}
