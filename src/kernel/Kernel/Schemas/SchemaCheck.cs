using System.Text.Json;

namespace Analemma.Kernel.Schemas;

/// <summary>One rule of a schema, at one place of it.</summary>
internal delegate void SchemaRule(JsonElement value, SchemaCheck check);

/// <summary>A schema or a part of one. Rules are added while compiling, for a schema may contain itself.</summary>
internal sealed class SchemaNode
{
    private readonly List<SchemaRule> _rules = [];

    /// <summary>As OpenAPI 3.0 writes it, and schemas made for Gemini: null fits, whatever else is said.</summary>
    public bool AllowsNull { get; set; }

    public void Add(SchemaRule rule) => _rules.Add(rule);

    public void Check(JsonElement value, SchemaCheck check)
    {
        if ((AllowsNull && value.ValueKind is JsonValueKind.Null) || !check.TryEnter())
        {
            return;
        }

        foreach (var rule in _rules)
        {
            if (check.IsOver)
            {
                break;
            }

            rule(value, check);
        }

        check.Leave();
    }
}

/// <summary>A value being checked: where we are in it, what was found, and how much work is left.</summary>
internal sealed class SchemaCheck
{
    private readonly Stack<string> _path;
    private readonly int[] _steps;
    private int _depth;

    public SchemaCheck()
        : this(new Stack<string>(), [0], 0)
    {
    }

    private SchemaCheck(Stack<string> path, int[] steps, int depth) => (_path, _steps, _depth) = (path, steps, depth);

    public List<SchemaViolation> Violations { get; } = [];

    /// <summary>Enough is known, or the work is too much.</summary>
    public bool IsOver => Violations.Count >= SchemaLimits.ViolationsMax || _steps[0] > SchemaLimits.StepsMax;

    public bool TryEnter()
    {
        // A schema that refers to itself without going down in the value would never end.
        if (++_steps[0] > SchemaLimits.StepsMax || _depth >= SchemaLimits.DepthMax * 4)
        {
            Fail("$ref", "the check goes too deep, or takes too long: the schema refers to itself, or is too large");
            return false;
        }

        _depth++;
        return true;
    }

    public void Leave() => _depth--;

    public void Fail(string rule, string message)
    {
        if (Violations.Count < SchemaLimits.ViolationsMax)
        {
            Violations.Add(new SchemaViolation(Short(Pointer()), rule, Short(message)));
        }
    }

    public void Take(SchemaViolation violation)
    {
        if (Violations.Count < SchemaLimits.ViolationsMax)
        {
            Violations.Add(violation);
        }
    }

    public void At(string step, JsonElement value, SchemaNode node)
    {
        _path.Push(step);
        node.Check(value, this);
        _path.Pop();
    }

    /// <summary>What a part of the schema says to the value, apart from all else.</summary>
    public List<SchemaViolation> Try(SchemaNode node, JsonElement value)
    {
        var check = new SchemaCheck(_path, _steps, _depth);
        node.Check(value, check);
        return check.Violations;
    }

    /// <summary>Names of the value that is checked are in it, and may be long.</summary>
    private static string Short(string text) =>
        text.Length <= SchemaLimits.ViolationCharsMax ? text : text[..SchemaLimits.ViolationCharsMax] + "…";

    private string Pointer() => string.Concat(_path.Reverse().Select(step =>
        "/" + step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
