using System.Text.Json;

namespace Analemma.Kernel.Schemas;

/// <summary>Keywords for every value, and for numbers.</summary>
internal static class ValueKeywords
{
    private static readonly string[] Types = ["null", "boolean", "object", "array", "number", "string", "integer"];

    public static IReadOnlyDictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>> All { get; } =
        new Dictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>>
        {
            ["type"] = Type,
            ["enum"] = Enum,
            ["const"] = (_, node, word) => node.Add((value, check) =>
            {
                if (!JsonElement.DeepEquals(value, word.Value))
                {
                    check.Fail("const", $"must be {Short(word.Value)}");
                }
            }),
            ["anyOf"] = AnyOf,
            ["oneOf"] = OneOf,
            ["allOf"] = (compiler, node, word) =>
            {
                var parts = word.List(compiler);
                node.Add((value, check) => parts.ForEach(part => part.Check(value, check)));
            },
            ["not"] = (compiler, node, word) =>
            {
                var not = word.Node(compiler);
                node.Add((value, check) =>
                {
                    if (check.Try(not, value).Count == 0)
                    {
                        check.Fail("not", "is what the schema excludes");
                    }
                });
            },
            ["if"] = If,
            ["$ref"] = (compiler, node, word) =>
            {
                if (compiler.Refer(word) is { } target)
                {
                    node.Add(target.Check);
                }
            },
            ["minimum"] = Bound((value, bound) => value.CompareTo(bound) >= 0, "at least"),
            ["maximum"] = Bound((value, bound) => value.CompareTo(bound) <= 0, "at most"),
            ["exclusiveMinimum"] = Bound((value, bound) => value.CompareTo(bound) > 0, "more than"),
            ["exclusiveMaximum"] = Bound((value, bound) => value.CompareTo(bound) < 0, "less than"),
            ["multipleOf"] = MultipleOf,
        };

    private static void Type(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var names = word.Value.ValueKind is JsonValueKind.String ? [word.Value.GetString()!] : word.Names(compiler);
        if (names?.FirstOrDefault(name => !Types.Contains(name)) is { } unknown)
        {
            compiler.Problem(word.Pointer, "type", $"is \"{unknown}\"; it must be one of {string.Join(", ", Types)}");
        }
        else if (names is { Count: 0 })
        {
            compiler.Problem(word.Pointer, "type", "names no type");
        }
        else if (names is not null)
        {
            var all = string.Join(" or ", names);
            node.Add((value, check) =>
            {
                if (!names.Any(name => Is(value, name)))
                {
                    check.Fail("type", $"is {SchemaCompiler.Name(value)}; it must be {all}");
                }
            });
        }
    }

    private static bool Is(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.Null => type == "null",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        _ => type == "number" || (type == "integer" && SchemaNumber.Of(value).IsWhole),
    };

    private static void Enum(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is not JsonValueKind.Array || word.Value.GetArrayLength() == 0)
        {
            compiler.Problem(word.Pointer, "enum", "must be an array of at least one value");
            return;
        }

        var values = word.Value.EnumerateArray().ToList();
        node.Add((value, check) =>
        {
            if (!values.Any(each => JsonElement.DeepEquals(each, value)))
            {
                check.Fail("enum", $"must be one of {Short(word.Value)}");
            }
        });
    }

    private static void AnyOf(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var choices = word.List(compiler);
        node.Add((value, check) =>
        {
            List<SchemaViolation>? nearest = null;
            foreach (var choice in choices)
            {
                var wrong = check.Try(choice, value);
                if (wrong.Count == 0)
                {
                    return;
                }

                nearest = nearest is null || wrong[0].Pointer.Length > nearest[0].Pointer.Length ? wrong : nearest;
            }

            check.Fail("anyOf", $"fits none of {choices.Count} choices; the nearest says: {nearest?[0]}");
        });
    }

    private static void OneOf(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var choices = word.List(compiler);
        node.Add((value, check) =>
        {
            var tried = choices.Select(choice => check.Try(choice, value)).ToList();
            var fitting = tried.Count(wrong => wrong.Count == 0);
            if (fitting == 0)
            {
                var nearest = tried.OrderByDescending(wrong => wrong[0].Pointer.Length).FirstOrDefault();
                check.Fail("oneOf", $"fits none of {choices.Count} choices; the nearest says: {nearest?[0]}");
            }
            else if (fitting > 1)
            {
                check.Fail("oneOf", $"fits {fitting} choices; it must fit exactly one");
            }
        });
    }

    private static void If(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        var condition = word.Node(compiler);
        SchemaNode? Branch(string name) => word.Schema.TryGetProperty(name, out var branch)
            ? compiler.At($"{word.Pointer[..^2]}{name}", branch, word.Depth + 1) : null;
        var (yes, no) = (Branch("then"), Branch("else"));
        node.Add((value, check) => (check.Try(condition, value).Count == 0 ? yes : no)?.Check(value, check));
    }

    private static Action<SchemaCompiler, SchemaNode, Keyword> Bound(
        Func<SchemaNumber, SchemaNumber, bool> holds, string words) => (compiler, node, word) =>
    {
        if (word.Value.ValueKind is not JsonValueKind.Number)
        {
            compiler.Problem(word.Pointer, word.Name, $"is {SchemaCompiler.Name(word.Value)}; it must be a number");
            return;
        }

        var bound = SchemaNumber.Of(word.Value);
        node.Add((value, check) =>
        {
            if (value.ValueKind is JsonValueKind.Number && !holds(SchemaNumber.Of(value), bound))
            {
                check.Fail(word.Name, $"is {Short(value)}; it must be {words} {word.Value.GetRawText()}");
            }
        });
    };

    private static void MultipleOf(SchemaCompiler compiler, SchemaNode node, Keyword word)
    {
        if (word.Value.ValueKind is not JsonValueKind.Number || !(SchemaNumber.Of(word.Value).Rough > 0))
        {
            compiler.Problem(word.Pointer, "multipleOf", "must be a number larger than 0");
            return;
        }

        var unit = SchemaNumber.Of(word.Value);
        node.Add((value, check) =>
        {
            if (value.ValueKind is JsonValueKind.Number && !SchemaNumber.Of(value).IsMultipleOf(unit))
            {
                check.Fail("multipleOf", $"is {Short(value)}; it must be a multiple of {word.Value.GetRawText()}");
            }
        });
    }

    internal static string Short(JsonElement value)
    {
        const int charsMax = 200;
        var text = value.GetRawText();
        return text.Length <= charsMax ? text : text[..charsMax] + "…";
    }
}
