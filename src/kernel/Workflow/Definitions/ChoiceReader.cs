using System.Globalization;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;
using Analemma.Workflow.Times;

namespace Analemma.Workflow.Definitions;

/// <summary>Reads Choice and its rules.</summary>
internal static class ChoiceReader
{
    private const int DepthMax = 32;

    private static readonly HashSet<string> RuleFields = new(StringComparer.Ordinal)
    {
        "Comment", "Next", "Assign", "Variable", "And", "Or", "Not",
    };

    private static readonly HashSet<string> ConditionFields = new(StringComparer.Ordinal)
    {
        "Comment", "Condition", "Next", "Assign", "Output",
    };

    private static readonly string[] Kinds = ["And", "Or", "Not", "Variable", "Condition"];

    private static readonly string[] Operators =
    [
        .. ChoiceOperator.All.SelectMany(each => each.HasPath ? [each.Name, $"{each.Name}Path"] : new[] { each.Name }),
    ];

    // What a rule of JSONPath may have.
    private static readonly HashSet<string> AllRuleFields = new(RuleFields.Concat(Operators), StringComparer.Ordinal);

    public static ChoiceDefinition? Read(FieldReader reader, StateFields fields)
    {
        if (!reader.Require("Choices") || reader.Filled("Choices") is not { } items)
        {
            return null;
        }

        List<ChoiceBranch> choices = new(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"Choices[{i}]");
            if (!items[i].TryGetObject(out var rule))
            {
                reader.Wrong("Expected value of type Object", at);
            }
            else if (ReadBranch(reader.Part(rule, at), rule) is { } branch)
            {
                choices.Add(branch);
            }
        }

        return new ChoiceDefinition(fields) { Choices = choices, Default = reader.Text("Default") };
    }

    private static ChoiceBranch? ReadBranch(FieldReader reader, JsonObject fields)
    {
        if (reader.IsJsonata)
        {
            reader.AllowOnly(ConditionFields, AllRuleFields);
            if (reader["Condition"] is { IsDefined: true, IsBoolean: false } condition
                && !ExpressionTemplates.IsExpression(condition))
            {
                reader.Wrong("Expected value of type Boolean", "Condition");
            }

            return reader.Require("Condition", "Next") && reader.Text("Next") is { } then
                ? new ChoiceBranch
                {
                    Condition = reader.Template("Condition"),
                    Next = then,
                    Assign = reader.Assignments(),
                    Output = reader.Template("Output"),
                }
                : null;
        }

        return reader.Require("Next") && reader.Text("Next") is { } next
            && ReadRule(reader, fields, isTop: true, depth: 0) is { } rule
            ? new ChoiceBranch { Rule = rule, Next = next, Assign = reader.Assignments() }
            : null;
    }

    private static ChoiceRule? ReadRule(FieldReader reader, JsonObject fields, bool isTop, int depth)
    {
        if (depth > DepthMax)
        {
            reader.Wrong("The rules are nested too deep");
            return null;
        }

        foreach (var name in fields.Names)
        {
            if (name is "Condition" or "Output")
            {
                reader.Unsupported(name, isOfOther: true);
            }
            else if (!isTop && name is "Next" or "Assign")
            {
                reader.Unsupported(name);
            }
        }

        // Told otherwise than of any other object.
        if (fields.Names.ToArray().Count(Kinds.Contains) != 1)
        {
            reader.Wrong("The object must have only one of the following fields, [And, Or, Not, Variable, Condition]");
        }

        if (fields.Has("And") || fields.Has("Or"))
        {
            return ReadJoined(reader, fields.Has("And") ? "And" : "Or", depth);
        }

        if (reader.Object("Not") is { } inner)
        {
            return ReadRule(reader.Below(inner, "Not"), inner, isTop: false, depth + 1) is { } negated
                ? new NotRule(negated)
                : null;
        }

        return ReadComparison(reader, fields);
    }

    private static JoinedRule? ReadJoined(FieldReader reader, string name, int depth)
    {
        if (reader.Filled(name) is not { Count: > 0 } items)
        {
            return null;
        }

        List<ChoiceRule> rules = new(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]");
            if (!items[i].TryGetObject(out var inner))
            {
                reader.Wrong("Expected value of type Object", at);
            }
            else if (ReadRule(reader.Below(inner, at), inner, isTop: false, depth + 1) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return rules.Count == items.Count ? new JoinedRule(name == "And", rules) : null;
    }

    private static ComparisonRule? ReadComparison(FieldReader reader, JsonObject fields)
    {
        if (reader.Text("Variable") is not { } written)
        {
            return null;
        }

        if (JsonPath.TryParse(written) is not { } variable)
        {
            reader.Wrong(NotReference(written), "Variable");
            return null;
        }

        ChoiceComparison? comparison = null;
        var count = 0;
        foreach (var (name, operand) in fields)
        {
            if (RuleFields.Contains(name) || ConditionFields.Contains(name))
            {
                continue;
            }

            count++;
            comparison = ReadOperator(reader, name, operand) ?? comparison;
        }

        if (count == 0)
        {
            reader.Wrong(
                $"This object should have only one of the following fields: [{string.Join(", ", Operators)}]");
        }
        else if (count > 1)
        {
            reader.Wrong($"There should only be one of the following fields: [{string.Join(", ", Operators)}]");
            return null;
        }

        return comparison is null ? null : new ComparisonRule(variable, comparison);
    }

    private static ChoiceComparison? ReadOperator(FieldReader reader, string name, JsonValue operand)
    {
        var isPath = name.EndsWith("Path", StringComparison.Ordinal);
        var by = ChoiceOperator.Of(isPath ? name[..^"Path".Length] : name);
        if (by is null || (isPath && !by.HasPath))
        {
            reader.Unsupported(name);
            return null;
        }

        if (isPath)
        {
            return operand.TryGetString(out var text) && JsonPath.TryParse(text) is { } path
                ? new ChoiceComparison(by, default, path)
                : Refuse(
                    reader,
                    name,
                    operand.TryGetString(out text) ? NotReference(text) : "Expected value of type String");
        }

        if (operand.Kind != by.Operand)
        {
            return Refuse(reader, name, $"Expected value of type {by.Operand}");
        }

        return by.IsTimestamp && !Rfc3339.TryParse(operand.AsString(), out _)
            ? Refuse(reader, name, "String does not match RFC3339 timestamp")
            : new ChoiceComparison(by, operand, null);
    }

    private static string NotReference(string text) => text.StartsWith('$')
        ? "Value is not a Reference Path"
        : "Value is not a Reference Path: Reference path didn't start with '$'";

    private static ChoiceComparison? Refuse(FieldReader reader, string name, string what)
    {
        reader.Wrong(what, name);
        return null;
    }
}
