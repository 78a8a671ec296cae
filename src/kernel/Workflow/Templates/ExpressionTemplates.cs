using System.Globalization;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Templates;

/// <summary>Compiles templates of states whose language is JSONata: every text {% … %} is an expression.</summary>
internal static class ExpressionTemplates
{
    private const string Open = "{%";
    private const string Close = "%}";

    // Members of $states that some fields of some states have.
    private static readonly string[] Sometimes = ["result", "errorOutput"];

    public static bool IsExpression(JsonValue value) => value.TryGetString(out var text) && IsExpression(text);

    /// <summary>Compiles one; each expression that is wrong is told, and stands for null.</summary>
    /// <param name="value">As it is in the definition.</param>
    /// <param name="location">Where it is, as Arguments/FunctionName; the words of the service name it.</param>
    /// <param name="available">The member of $states that there is beside input and context; null for none.</param>
    /// <param name="wrong">Told where, and what is wrong.</param>
    public static Template Compile(
        JsonValue value, string location, string? available, Action<string, TemplateProblem> wrong)
    {
        if (value.TryGetString(out var text))
        {
            if (IsExpression(text))
            {
                return CompileText(text, location, available, wrong);
            }

            CheckSigns(text, location, wrong);
            return new LiteralTemplate(value);
        }

        if (value.TryGetArray(out var items))
        {
            return CompileArray(value, items, location, available, wrong);
        }

        return value.TryGetObject(out var fields)
            ? CompileObject(value, fields, location, available, wrong)
            : new LiteralTemplate(value);
    }

    private static bool IsExpression(string text) =>
        text.Length >= Open.Length + Close.Length
        && text.StartsWith(Open, StringComparison.Ordinal)
        && text.EndsWith(Close, StringComparison.Ordinal);

    // An expression that is opened or closed and not both is a mistake, not a text (Developer Guide, Writing JSONata
    // expressions in JSON strings).
    private static void CheckSigns(string text, string location, Action<string, TemplateProblem> wrong)
    {
        if (text.StartsWith(Open, StringComparison.Ordinal) || text.EndsWith(Close, StringComparison.Ordinal))
        {
            wrong(location, new TemplateProblem(
                DiagnosticCodes.SchemaValidationFailed,
                $"JSONata string must start with {Open} and end with {Close}"));
        }
    }

    private static Template CompileText(
        string text, string location, string? available, Action<string, TemplateProblem> wrong)
    {
        var inner = text[Open.Length..^Close.Length].Trim();
        if (StateExpression.TryCompile(inner, out var problem) is not { } expression)
        {
            wrong(location, new TemplateProblem(DiagnosticCodes.InvalidJsonataExpression, problem));
            return new LiteralTemplate(JsonValue.Null);
        }

        foreach (var name in expression.TopReferences)
        {
            wrong(location, new TemplateProblem(
                DiagnosticCodes.UnsupportedJsonataExpression,
                $"Reference to '{name}' at the top level is not supported."));
        }

        foreach (var name in expression.StatesMembers.Where(name => Sometimes.Contains(name) && name != available))
        {
            wrong(location, new TemplateProblem(
                DiagnosticCodes.UnsupportedJsonataExpression,
                $"Reference to '$states.{name}' is not supported in this field."));
        }

        return new ExpressionTemplate(expression, location);
    }

    private static Template CompileArray(
        JsonValue value, JsonArray items, string location, string? available, Action<string, TemplateProblem> wrong)
    {
        List<Template> compiled = new(items.Count);
        foreach (var item in items)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{location}[{compiled.Count}]");
            compiled.Add(Compile(item, at, available, wrong));
        }

        return compiled.TrueForAll(item => item.IsLiteral) ? new LiteralTemplate(value) : new ArrayTemplate(compiled);
    }

    private static Template CompileObject(
        JsonValue value, JsonObject fields, string location, string? available, Action<string, TemplateProblem> wrong)
    {
        List<(string, Template Value)> compiled = new(fields.Count);
        foreach (var (name, field) in fields)
        {
            compiled.Add((name, Compile(field, $"{location}/{name}", available, wrong)));
        }

        return compiled.TrueForAll(field => field.Value.IsLiteral)
            ? new LiteralTemplate(value)
            : new ObjectTemplate(compiled);
    }
}

/// <summary>What is wrong with an expression, as a diagnostic has it.</summary>
internal readonly record struct TemplateProblem(string Code, string Message);

/// <summary>An expression of JSONata in a field.</summary>
internal sealed class ExpressionTemplate(StateExpression expression, string location) : Template
{
    /// <summary>Between the signs.</summary>
    public string Text => expression.Text;

    public string Location => location;

    public override JsonValue Evaluate(EvaluationScope scope)
    {
        var value = expression.Evaluate(scope, location);
        return value.IsDefined
            ? value
            : throw StateErrorException.Query(
                $"The JSONata expression '{Text}' specified for the field '{location}' returned nothing (undefined).",
                location);
    }

    public override IEnumerable<string> Variables() => expression.FreeVariables;
}
