using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;
using Analemma.Workflow.Times;

namespace Analemma.Workflow.Definitions;

/// <summary>A rule of a Choice with JSONPath (States Language, Choice Rules).</summary>
public abstract class ChoiceRule
{
    /// <summary>Whether it is met.</summary>
    /// <exception cref="StateErrorException">A path of it leads nowhere.</exception>
    public abstract bool IsMet(EvaluationScope scope);

    internal abstract IEnumerable<string> Variables();
}

/// <summary>And, Or.</summary>
internal sealed class JoinedRule(bool all, IReadOnlyList<ChoiceRule> rules) : ChoiceRule
{
    public override bool IsMet(EvaluationScope scope) =>
        all ? rules.All(rule => rule.IsMet(scope)) : rules.Any(rule => rule.IsMet(scope));

    internal override IEnumerable<string> Variables() => rules.SelectMany(rule => rule.Variables());
}

/// <summary>Not.</summary>
internal sealed class NotRule(ChoiceRule rule) : ChoiceRule
{
    public override bool IsMet(EvaluationScope scope) => !rule.IsMet(scope);

    internal override IEnumerable<string> Variables() => rule.Variables();
}

/// <summary>A variable and what it is compared to.</summary>
internal sealed class ComparisonRule(JsonPath variable, ChoiceComparison comparison) : ChoiceRule
{
    public override bool IsMet(EvaluationScope scope)
    {
        var found = variable.Find(scope, out _);
        if (comparison.Operator.Tests is { } tests)
        {
            // Only IsPresent may ask for what is not there.
            return comparison.Operator.Name != "IsPresent" && found.IsUndefined
                ? throw Invalid(variable)
                : tests(found) == comparison.Literal.IsTrue;
        }

        if (found.IsUndefined)
        {
            throw Invalid(variable);
        }

        var other = comparison.Path is { } path ? path.Find(scope, out _) : comparison.Literal;
        return other.IsUndefined
            ? throw Invalid(comparison.Path!)
            : comparison.Operator.Compares!(found, other);
    }

    internal override IEnumerable<string> Variables() =>
        new[] { variable.Variable, comparison.Path?.Variable }.OfType<string>();

    private static StateErrorException Invalid(JsonPath path) => StateErrorException.Runtime(
        $"Invalid path '{path}': The choice state's condition path references an invalid value.");
}

/// <summary>An operator with its operand: a literal, or a path for those whose name ends in Path.</summary>
internal sealed record ChoiceComparison(ChoiceOperator Operator, JsonValue Literal, JsonPath? Path);

/// <summary>One operator; exactly one of the two functions is there.</summary>
internal sealed record ChoiceOperator(string Name, JsonKind Operand)
{
    private static readonly Dictionary<string, ChoiceOperator> ByName = Make().ToDictionary(
        each => each.Name, StringComparer.Ordinal);

    public Func<JsonValue, bool>? Tests { get; private init; }

    public Func<JsonValue, JsonValue, bool>? Compares { get; private init; }

    /// <summary>Whether its operand must read as a time.</summary>
    public bool IsTimestamp { get; private init; }

    public static IReadOnlyCollection<ChoiceOperator> All => ByName.Values;

    /// <summary>Whether its operand may come from a path.</summary>
    public bool HasPath => Tests is null && Name != "StringMatches";

    public static ChoiceOperator? Of(string name) => ByName.GetValueOrDefault(name);

    private static IEnumerable<ChoiceOperator> Make()
    {
        foreach (var (suffix, holds) in Orders())
        {
            yield return new($"String{suffix}", JsonKind.String) { Compares = (a, b) => holds(OrderOfTexts(a, b)) };
            yield return new($"Numeric{suffix}", JsonKind.Number) { Compares = (a, b) => holds(OrderOfNumbers(a, b)) };
            yield return new($"Timestamp{suffix}", JsonKind.String)
            {
                Compares = (a, b) => holds(OrderOfTimes(a, b)),
                IsTimestamp = true,
            };
        }

        yield return new("BooleanEquals", JsonKind.Boolean)
        {
            Compares = (a, b) => a.IsBoolean && b.IsBoolean && a.IsTrue == b.IsTrue,
        };
        yield return new("StringMatches", JsonKind.String) { Compares = Matches };
        yield return Test("IsPresent", value => value.IsDefined);
        yield return Test("IsNull", value => value.IsNull);
        yield return Test("IsNumeric", value => value.IsNumber);
        yield return Test("IsString", value => value.IsString);
        yield return Test("IsBoolean", value => value.IsBoolean);
        yield return Test("IsTimestamp", value => value.TryGetString(out var text) && Rfc3339.TryParse(text, out _));
    }

    private static ChoiceOperator Test(string name, Func<JsonValue, bool> tests) =>
        new(name, JsonKind.Boolean) { Tests = tests };

    private static IEnumerable<(string Suffix, Func<int?, bool> Holds)> Orders() =>
    [
        ("Equals", order => order is 0),
        ("LessThan", order => order is < 0),
        ("GreaterThan", order => order is > 0),
        ("LessThanEquals", order => order is <= 0),
        ("GreaterThanEquals", order => order is >= 0),
    ];

    private static int? OrderOfTexts(JsonValue a, JsonValue b) =>
        a.TryGetString(out var left) && b.TryGetString(out var right) ? string.CompareOrdinal(left, right) : null;

    private static int? OrderOfNumbers(JsonValue a, JsonValue b) =>
        a.TryGetInt64(out var whole) && b.TryGetInt64(out var other) ? whole.CompareTo(other)
        : a.TryGetDouble(out var left) && b.TryGetDouble(out var right) ? left.CompareTo(right)
        : null;

    private static int? OrderOfTimes(JsonValue a, JsonValue b) =>
        a.TryGetString(out var left) && b.TryGetString(out var right)
        && Rfc3339.TryParse(left, out var first) && Rfc3339.TryParse(right, out var second)
            ? first.CompareTo(second)
            : null;

    // * stands for any text; \* for the character (States Language, StringMatches).
    private static bool Matches(JsonValue value, JsonValue pattern) =>
        value.TryGetString(out var text) && pattern.TryGetString(out var wanted) && Matches(text, wanted);

    private static bool Matches(string text, string pattern)
    {
        var (at, in_, star, mark) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (in_ < pattern.Length && pattern[in_] == '*')
            {
                (star, mark) = (in_++, at);
            }
            else if (TryStep(pattern, ref in_, text[at]))
            {
                at++;
            }
            else if (star >= 0)
            {
                in_ = star + 1;
                at = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(in_).Trim('*').IsEmpty;
    }

    private static bool TryStep(string pattern, ref int at, char wanted)
    {
        if (at >= pattern.Length)
        {
            return false;
        }

        var escaped = pattern[at] == '\\' && at + 1 < pattern.Length && pattern[at + 1] is '*' or '\\';
        if (pattern[escaped ? at + 1 : at] != wanted)
        {
            return false;
        }

        at += escaped ? 2 : 1;
        return true;
    }
}
