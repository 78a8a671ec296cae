using System.Globalization;
using System.Text.Json;

namespace Analemma.Kernel.Schemas;

/// <summary>Keywords for arrays.</summary>
internal static class ArrayKeywords
{
    /// <summary>Every item is compared with every other: beyond this an array does not count as unique.</summary>
    private const int UniqueItemsMax = 2_000;

    public static IReadOnlyDictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>> All { get; } =
        new Dictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>>
        {
            ["items"] = Items,
            ["prefixItems"] = PrefixItems,
            ["contains"] = Contains,
            ["minItems"] = Count((has, bound) => has >= bound, "at least"),
            ["maxItems"] = Count((has, bound) => has <= bound, "at most"),
            ["uniqueItems"] = UniqueItems,
        };

    private static void Items(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is JsonValueKind.Array)
        {
            compiler.Problem(word.Pointer, "items", "is an array, as in older drafts; use prefixItems");
            return;
        }

        var items = word.Node(compiler);
        var from = word.Schema.TryGetProperty("prefixItems", out var prefix)
            && prefix.ValueKind is JsonValueKind.Array ? prefix.GetArrayLength() : 0;
        OnArray(node, (value, check) =>
        {
            for (var i = from; i < value.GetArrayLength() && !check.IsOver; i++)
            {
                check.At(i.ToString(CultureInfo.InvariantCulture), value[i], items);
            }
        });
    }

    private static void PrefixItems(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var prefix = word.List(compiler);
        OnArray(node, (value, check) =>
        {
            for (var i = 0; i < prefix.Count && i < value.GetArrayLength(); i++)
            {
                check.At(i.ToString(CultureInfo.InvariantCulture), value[i], prefix[i]);
            }
        });
    }

    private static void Contains(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var contained = word.Node(compiler);
        long? Bound(string name) => word.Schema.TryGetProperty(name, out var value)
            ? (word with { Name = name, Value = value }).Count(compiler) : null;
        var (least, most) = (Bound("minContains") ?? 1, Bound("maxContains") ?? long.MaxValue);
        OnArray(node, (value, check) =>
        {
            var count = value.EnumerateArray().Count(item => check.Try(contained, item).Count == 0);
            if (count < least || count > most)
            {
                check.Fail("contains", $"has {count} items that fit; it must have "
                    + (most == long.MaxValue ? $"at least {least}" : $"{least} to {most}"));
            }
        });
    }

    private static void UniqueItems(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            compiler.Problem(word.Pointer, "uniqueItems", "must be true or false");
        }
        else if (word.Value.ValueKind is JsonValueKind.True)
        {
            OnArray(node, (value, check) =>
            {
                var items = value.EnumerateArray().ToList();
                if (items.Count > UniqueItemsMax)
                {
                    check.Fail("uniqueItems", $"has {items.Count} items; at most {UniqueItemsMax} are compared");
                    return;
                }

                for (var i = 0; i < items.Count; i++)
                {
                    if (items.FindIndex(0, i, other => JsonElement.DeepEquals(other, items[i])) is var same and >= 0)
                    {
                        check.Fail("uniqueItems", $"has the same item at {same} and {i}");
                        return;
                    }
                }
            });
        }
    }

    private static Action<SchemaCompiler, SchemaNode, Keyword> Count(
        Func<long, long, bool> holds, string words) => (compiler, node, word) =>
    {
        if (word.Count(compiler) is { } bound)
        {
            OnArray(node, (value, check) =>
            {
                if (!holds(value.GetArrayLength(), bound))
                {
                    check.Fail(word.Name, $"has {value.GetArrayLength()} items; it must have {words} {bound}");
                }
            });
        }
    };

    private static void OnArray(SchemaNode node, SchemaRule rule) => node.Add((value, check) =>
    {
        if (value.ValueKind is JsonValueKind.Array)
        {
            rule(value, check);
        }
    });
}
