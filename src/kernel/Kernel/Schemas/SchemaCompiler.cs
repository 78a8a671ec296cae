using System.Text.Json;
using Analemma.Abi;

namespace Analemma.Kernel.Schemas;

/// <summary>Reads a schema, keyword by keyword; finds all that is wrong with it.</summary>
internal sealed class SchemaCompiler(JsonElement root)
{
    /// <summary>They describe, and constrain nothing.</summary>
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "$schema", "$id", "$comment", "$vocabulary", "$defs", "definitions", "title", "description", "default",
        "examples", "example", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType",
        "contentSchema", "discriminator", "strict", "nullable", "propertyOrdering",
        // Read with their partners.
        "then", "else", "minContains", "maxContains",
    };

    private static readonly HashSet<string> Unsupported = new(StringComparer.Ordinal)
    {
        "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor", "dependentSchemas", "dependencies",
        "unevaluatedProperties", "unevaluatedItems",
    };

    private static readonly Dictionary<string, Action<SchemaCompiler, SchemaNode, Keyword>> Keywords =
        ValueKeywords.All.Concat(ObjectKeywords.All).Concat(ArrayKeywords.All).Concat(TextKeywords.All)
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private readonly Dictionary<string, SchemaNode> _byPointer = new(StringComparer.Ordinal);

    public List<SchemaViolation> Problems { get; } = [];

    public SchemaNode Compile()
    {
        if (root.ValueKind is not JsonValueKind.Object)
        {
            Problem("", "type", $"is {Name(root)}; it must be a JSON Schema object");
            return new SchemaNode();
        }

        if (root.GetRawText().Length is var length and > SchemaLimits.CharsMax)
        {
            Problem("", "size", $"has {length} characters; at most {SchemaLimits.CharsMax}");
            return new SchemaNode();
        }

        return At("", root, 0);
    }

    /// <summary>The part of the schema at a pointer into it; made once, whoever refers to it.</summary>
    public SchemaNode At(string pointer, JsonElement schema, int depth)
    {
        if (_byPointer.TryGetValue(pointer, out var known))
        {
            return known;
        }

        var node = _byPointer[pointer] = new SchemaNode();
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                break;
            case JsonValueKind.False:
                node.Add((_, check) => check.Fail("false", "nothing is allowed here"));
                break;
            case JsonValueKind.Object when depth < SchemaLimits.DepthMax:
                node.AllowsNull = schema.TryGetProperty("nullable", out var nullable)
                    && nullable.ValueKind is JsonValueKind.True;
                foreach (var word in schema.EnumerateObject())
                {
                    Read(node, new Keyword(word.Name, word.Value, schema, $"{pointer}/{Escape(word.Name)}", depth));
                }

                break;
            default:
                Problem(pointer, "type", depth < SchemaLimits.DepthMax
                    ? $"is {Name(schema)}; a schema is an object, true or false"
                    : $"is more than {SchemaLimits.DepthMax} levels deep");
                break;
        }

        return node;
    }

    public SchemaNode? Refer(Keyword word)
    {
        var reference = word.Value.ValueKind is JsonValueKind.String ? word.Value.GetString()! : "";
        if (!reference.StartsWith('#') || (reference.Length > 1 && reference[1] != '/'))
        {
            Problem(word.Pointer, "$ref", "only references into the same schema are followed, such as #/$defs/name");
            return null;
        }

        var (at, pointer) = (root, Uri.UnescapeDataString(reference[1..]));
        foreach (var step in pointer.Split('/').Skip(1).Select(Unescape))
        {
            if (at.ValueKind is JsonValueKind.Object && at.TryGetProperty(step, out var next))
            {
                at = next;
            }
            else if (at.ValueKind is JsonValueKind.Array && int.TryParse(step, out var index)
                && index >= 0 && index < at.GetArrayLength())
            {
                at = at[index];
            }
            else
            {
                Problem(word.Pointer, "$ref", $"there is nothing at {reference}");
                return null;
            }
        }

        return At(pointer, at, word.Depth + 1);
    }

    public void Problem(string pointer, string rule, string message) =>
        Problems.Add(new SchemaViolation(pointer, rule, message));

    internal static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        _ => "a number",
    };

    private void Read(SchemaNode node, Keyword word)
    {
        if (Keywords.TryGetValue(word.Name, out var read))
        {
            read(this, node, word);
        }
        else if (Unsupported.Contains(word.Name))
        {
            Problem(word.Pointer, word.Name, "is not supported");
        }
        else if (!Annotations.Contains(word.Name) && Mistyped(word.Name) is { } near)
        {
            Problem(word.Pointer, word.Name, $"is no keyword; did you mean {near}?");
        }
    }

    private static string? Mistyped(string name) =>
        name.Length > 4 && Keywords.Keys.FirstOrDefault(known => Suggestion.Distance(name, known) is 1 or 2) is { } near
            ? near : null;

    private static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Unescape(string step) =>
        step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}

/// <summary>A keyword with its value, the schema that it is in, and where that is.</summary>
internal sealed record Keyword(string Name, JsonElement Value, JsonElement Schema, string Pointer, int Depth)
{
    /// <summary>The schema that is the keyword's value.</summary>
    public SchemaNode Node(SchemaCompiler compiler) => compiler.At(Pointer, Value, Depth + 1);

    /// <summary>Schemas by name.</summary>
    public Dictionary<string, SchemaNode> Nodes(SchemaCompiler compiler)
    {
        Dictionary<string, SchemaNode> nodes = new(StringComparer.Ordinal);
        if (Value.ValueKind is not JsonValueKind.Object)
        {
            compiler.Problem(Pointer, Name, $"is {SchemaCompiler.Name(Value)}; it must be an object of schemas");
            return nodes;
        }

        foreach (var each in Value.EnumerateObject())
        {
            nodes[each.Name] = compiler.At(
                $"{Pointer}/{each.Name.Replace("~", "~0", StringComparison.Ordinal)
                    .Replace("/", "~1", StringComparison.Ordinal)}",
                each.Value,
                Depth + 1);
        }

        return nodes;
    }

    /// <summary>Schemas in order, at least one.</summary>
    public List<SchemaNode> List(SchemaCompiler compiler)
    {
        if (Value.ValueKind is not JsonValueKind.Array || Value.GetArrayLength() == 0)
        {
            compiler.Problem(Pointer, Name, "must be an array of at least one schema");
            return [];
        }

        return [.. Value.EnumerateArray().Select((each, i) => compiler.At($"{Pointer}/{i}", each, Depth + 1))];
    }

    /// <summary>A whole number that is not negative; null, and a problem, when it is none.</summary>
    public long? Count(SchemaCompiler compiler)
    {
        if (Value.ValueKind is JsonValueKind.Number && Value.TryGetDecimal(out var number)
            && number >= 0 && number <= int.MaxValue && number == Math.Floor(number))
        {
            return (long)number;
        }

        compiler.Problem(Pointer, Name, $"is {Value.GetRawText()}; it must be a whole number that is not negative");
        return null;
    }

    /// <summary>Different names; null, and a problem, when they are none.</summary>
    public List<string>? Names(SchemaCompiler compiler)
    {
        if (Value.ValueKind is JsonValueKind.Array
            && Value.EnumerateArray().All(each => each.ValueKind is JsonValueKind.String))
        {
            return [.. Value.EnumerateArray().Select(each => each.GetString()!).Distinct(StringComparer.Ordinal)];
        }

        compiler.Problem(Pointer, Name, "must be an array of strings");
        return null;
    }
}
