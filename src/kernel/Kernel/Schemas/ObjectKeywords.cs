using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analemma.Kernel.Schemas;

/// <summary>Keywords for objects.</summary>
internal static class ObjectKeywords
{
    public static IReadOnlyDictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>> All { get; } =
        new Dictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>>
        {
            ["properties"] = Properties,
            ["required"] = Required,
            ["additionalProperties"] = AdditionalProperties,
            ["patternProperties"] = PatternProperties,
            ["propertyNames"] = PropertyNames,
            ["minProperties"] = Count((has, bound) => has >= bound, "at least"),
            ["maxProperties"] = Count((has, bound) => has <= bound, "at most"),
            ["dependentRequired"] = DependentRequired,
        };

    private static void Properties(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var nodes = word.Nodes(compiler);
        OnObject(node, (value, check) =>
        {
            foreach (var each in value.EnumerateObject())
            {
                if (nodes.TryGetValue(each.Name, out var property))
                {
                    check.At(each.Name, each.Value, property);
                }
            }
        });
    }

    private static void Required(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var names = word.Names(compiler) ?? [];
        OnObject(node, (value, check) =>
        {
            foreach (var name in names.Where(name => !value.TryGetProperty(name, out _)))
            {
                check.Fail("required", $"has no \"{name}\", which is required");
            }
        });
    }

    private static void AdditionalProperties(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var rest = word.Node(compiler);
        var isClosed = word.Value.ValueKind is JsonValueKind.False;
        HashSet<string> named = new(StringComparer.Ordinal);
        if (word.Schema.TryGetProperty("properties", out var properties)
            && properties.ValueKind is JsonValueKind.Object)
        {
            named.UnionWith(properties.EnumerateObject().Select(each => each.Name));
        }

        var patterns = word.Schema.TryGetProperty("patternProperties", out var given)
            && given.ValueKind is JsonValueKind.Object
            ? given.EnumerateObject().Select(each => SchemaPattern.TryMake(each.Name, out _)).OfType<Regex>().ToList()
            : [];
        OnObject(node, (value, check) =>
        {
            foreach (var each in value.EnumerateObject())
            {
                if (named.Contains(each.Name) || patterns.Any(pattern => pattern.IsMatch(each.Name)))
                {
                    continue;
                }

                if (isClosed)
                {
                    check.Fail("additionalProperties", $"has \"{each.Name}\", which the schema does not allow");
                }
                else
                {
                    check.At(each.Name, each.Value, rest);
                }
            }
        });
    }

    private static void PatternProperties(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        List<(Regex Pattern, SchemaNode Node)> patterns = [];
        foreach (var (name, property) in word.Nodes(compiler))
        {
            if (SchemaPattern.TryMake(name, out var problem) is { } pattern)
            {
                patterns.Add((pattern, property));
            }
            else
            {
                compiler.Problem(word.Pointer, "patternProperties", problem!);
            }
        }

        OnObject(node, (value, check) =>
        {
            foreach (var each in value.EnumerateObject())
            {
                foreach (var (_, property) in patterns.Where(one => one.Pattern.IsMatch(each.Name)))
                {
                    check.At(each.Name, each.Value, property);
                }
            }
        });
    }

    private static void PropertyNames(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var names = word.Node(compiler);
        OnObject(node, (value, check) =>
        {
            foreach (var each in value.EnumerateObject())
            {
                var name = JsonSerializer.SerializeToElement(each.Name, SchemaJsonContext.Default.String);
                if (check.Try(names, name) is [var wrong, ..])
                {
                    check.Fail("propertyNames", $"has \"{each.Name}\" for a name, which {wrong.Message}");
                }
            }
        });
    }

    private static void DependentRequired(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is not JsonValueKind.Object)
        {
            compiler.Problem(word.Pointer, word.Name, "must be an object of arrays of strings");
            return;
        }

        var all = word.Value.EnumerateObject().Select(each => (
            each.Name,
            Needs: (word with { Value = each.Value, Pointer = $"{word.Pointer}/{each.Name}" }).Names(compiler) ?? []))
            .ToList();
        OnObject(node, (value, check) =>
        {
            foreach (var (name, needs) in all.Where(each => value.TryGetProperty(each.Name, out _)))
            {
                foreach (var need in needs.Where(need => !value.TryGetProperty(need, out _)))
                {
                    check.Fail("dependentRequired", $"has \"{name}\" and so must have \"{need}\"");
                }
            }
        });
    }

    private static Action<SchemaCompiler, SchemaNode, Keyword> Count(
        Func<long, long, bool> holds, string words) => (compiler, node, word) =>
    {
        if (word.Count(compiler) is { } bound)
        {
            OnObject(node, (value, check) =>
            {
                var has = value.GetPropertyCount();
                if (!holds(has, bound))
                {
                    check.Fail(word.Name, $"has {has} properties; it must have {words} {bound}");
                }
            });
        }
    };

    private static void OnObject(SchemaNode node, SchemaRule rule) => node.Add((value, check) =>
    {
        if (value.ValueKind is JsonValueKind.Object)
        {
            rule(value, check);
        }
    });
}
