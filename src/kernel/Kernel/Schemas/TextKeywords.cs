using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Kernel.Schemas;

/// <summary>Keywords for strings.</summary>
internal static class TextKeywords
{
    public static IReadOnlyDictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>> All { get; } =
        new Dictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>>
        {
            ["minLength"] = Length((has, bound) => has >= bound, "at least"),
            ["maxLength"] = Length((has, bound) => has <= bound, "at most"),
            ["pattern"] = Pattern,
            ["format"] = Format,
        };

    private static void Pattern(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var text = word.Value.ValueKind is JsonValueKind.String ? word.Value.GetString()! : null;
        if (text is null)
        {
            compiler.Problem(word.Pointer, "pattern", $"is {SchemaCompiler.Name(word.Value)}; it must be a string");
            return;
        }

        if (SchemaPattern.TryMake(text, out var problem) is not { } pattern)
        {
            compiler.Problem(word.Pointer, "pattern", problem!);
            return;
        }

        OnText(node, (value, check) =>
        {
            if (!pattern.IsMatch(value))
            {
                check.Fail("pattern", $"does not match {text}");
            }
        });
    }

    private static void Format(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is not JsonValueKind.String)
        {
            compiler.Problem(word.Pointer, "format", $"is {SchemaCompiler.Name(word.Value)}; it must be a string");
        }
        else if (SchemaFormats.All.TryGetValue(word.Value.GetString()!, out var fits))
        {
            OnText(node, (value, check) =>
            {
                if (!fits(value))
                {
                    check.Fail("format", $"is no {word.Value.GetString()}");
                }
            });
        }
    }

    /// <summary>In characters of Unicode, as the specification counts.</summary>
    private static Action<SchemaCompiler, SchemaNode, Keyword> Length(
        Func<long, long, bool> holds, string words) => (compiler, node, word) =>
    {
        if (word.Count(compiler) is { } bound)
        {
            OnText(node, (value, check) =>
            {
                var has = value.EnumerateRunes().Count();
                if (!holds(has, bound))
                {
                    check.Fail(
                        word.Name,
                        string.Create(
                            CultureInfo.InvariantCulture, $"has {has} characters; it must have {words} {bound}"));
                }
            });
        }
    };

    private static void OnText(SchemaNode node, Action<string, SchemaCheck> rule) => node.Add((value, check) =>
    {
        if (value.ValueKind is JsonValueKind.String && TextOf(value) is { } text)
        {
            rule(text, check);
        }
    });

    /// <summary>Null for a string that is no Unicode: a lone half of a surrogate pair, written as an escape.</summary>
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(string))]
internal sealed partial class SchemaJsonContext : JsonSerializerContext;
