using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Workflow.Templates;

/// <summary>Compiles templates of states whose language is JSONPath.</summary>
internal static class PathTemplates
{
    private static readonly LiteralTemplate Null = new(JsonValue.Null);

    /// <summary>Compiles one; each field that is wrong is told, and stands for null.</summary>
    /// <param name="value">As it is in the definition.</param>
    /// <param name="wrong">Told the name of a field and what it must be.</param>
    public static Template Compile(JsonValue value, Action<string, string> wrong)
    {
        if (value.TryGetObject(out var fields))
        {
            return CompileObject(value, fields, wrong);
        }

        if (!value.TryGetArray(out var items))
        {
            return new LiteralTemplate(value);
        }

        List<Template> compiled = new(items.Count);
        foreach (var item in items)
        {
            compiled.Add(Compile(item, wrong));
        }

        return compiled.TrueForAll(item => item.IsLiteral) ? new LiteralTemplate(value) : new ArrayTemplate(compiled);
    }

    /// <summary>A path or a call; null, when it is neither.</summary>
    public static Template? CompileText(string field, string text) =>
        IntrinsicCall.LooksLikeOne(text)
            ? IntrinsicCall.TryParse(text) is { } call ? new CallTemplate(call) : null
            : JsonPath.TryParse(text) is { } path ? new PathTemplate(field, path) : null;

    private static Template CompileObject(JsonValue value, JsonObject fields, Action<string, string> wrong)
    {
        List<(string, Template)> compiled = new(fields.Count);
        var isLiteral = true;
        foreach (var (name, field) in fields)
        {
            var isDynamic = name.EndsWith(".$", StringComparison.Ordinal);
            var made = isDynamic ? CompileDynamic(name, field, wrong) : Compile(field, wrong);
            isLiteral &= made.IsLiteral && !isDynamic;
            compiled.Add((isDynamic ? name[..^2] : name, made));
        }

        return isLiteral ? new LiteralTemplate(value) : new ObjectTemplate(compiled);
    }

    private static Template CompileDynamic(string name, JsonValue field, Action<string, string> wrong)
    {
        if (field.TryGetString(out var text) && CompileText(name, text) is { } made)
        {
            return made;
        }

        wrong(name, "must be a valid JSONPath or a valid intrinsic function call");
        return Null;
    }
}
