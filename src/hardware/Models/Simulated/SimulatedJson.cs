using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Models.Simulated;

/// <summary>JSON that fits a schema: the part of JSON Schema that agents use for answers and tools.</summary>
internal sealed class SimulatedJson(JsonElement root, SimulatedRandom random)
{
    private const int DepthMax = 16;

    /// <summary>A schema is an agent's, and could ask for more than there is memory.</summary>
    private const int NodesMax = 10_000;

    private const int TextCharsMax = 10_000;

    /// <summary>Beyond it a double no longer counts in ones.</summary>
    private const double NumberMax = 1L << 53;

    private int _nodes;

    public JsonNode? Make() => Make(root, 0);

    private JsonNode? Make(JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return JsonValue.Create(random.Pick(Vocabulary.Words));
        }

        if (depth > DepthMax || ++_nodes > NodesMax)
        {
            throw new ProviderFault(
                ModelCallReason.BadRequest,
                $"the simulated model fills schemas of at most {DepthMax} levels with {NodesMax} values");
        }

        if (Fixed(schema) is { } value)
        {
            return JsonNode.Parse(value.GetRawText());
        }

        if (Reference(schema) is { } target)
        {
            return Make(target, depth + 1);
        }

        foreach (var choice in (string[])["anyOf", "oneOf", "allOf"])
        {
            if (schema.TryGetProperty(choice, out var choices) && choices.GetArrayLength() > 0)
            {
                return Make(choices[0], depth + 1);
            }
        }

        return TypeOf(schema) switch
        {
            "object" => MakeObject(schema, depth),
            "array" => MakeArray(schema, depth),
            "integer" => JsonValue.Create((long)Math.Ceiling(Number(schema))),
            "number" => JsonValue.Create(Number(schema)),
            "boolean" => JsonValue.Create(random.Below(2) == 1),
            "null" => null,
            _ => JsonValue.Create(MakeText(schema)),
        };
    }

    private JsonElement? Fixed(JsonElement schema) =>
        schema.TryGetProperty("const", out var value) ? value
        : schema.TryGetProperty("enum", out var values) && values.GetArrayLength() > 0
            ? values[random.Below(values.GetArrayLength())]
        : null;

    /// <summary>Within the document only: #/$defs/Name.</summary>
    private JsonElement? Reference(JsonElement schema)
    {
        if (!schema.TryGetProperty("$ref", out var reference) || reference.GetString() is not { } path)
        {
            return null;
        }

        var target = root;
        foreach (var step in path.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(step, out target))
            {
                throw new ProviderFault(ModelCallReason.BadRequest, $"the schema has no \"{path}\"");
            }
        }

        return target;
    }

    private static string TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? "object"
                : schema.TryGetProperty("items", out _) ? "array"
                : "string";
        }

        return type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(each => each.GetString()).FirstOrDefault(name => name != "null") ?? "null"
            : type.GetString() ?? "string";
    }

    private JsonObject MakeObject(JsonElement schema, int depth)
    {
        var made = new JsonObject();
        if (schema.TryGetProperty("properties", out var properties))
        {
            var required = schema.TryGetProperty("required", out var names)
                ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet()
                : [];
            // What is optional ends a schema that contains itself.
            foreach (var property in properties.EnumerateObject()
                .Where(each => depth < DepthMax / 4 || required.Contains(each.Name)))
            {
                made[property.Name] = Make(property.Value, depth + 1);
            }
        }

        return made;
    }

    private JsonArray MakeArray(JsonElement schema, int depth)
    {
        var least = Math.Min(NodesMax, Int(schema, "minItems") ?? (depth < DepthMax / 4 ? 1 : 0));
        var most = Math.Max(least, Math.Min(least + 2, Int(schema, "maxItems") ?? 3));
        var items = schema.TryGetProperty("items", out var item) ? item : default;
        var count = depth < DepthMax / 4 ? least + random.Below(most - least + 1) : least;
        return new JsonArray([.. Enumerable.Range(0, count).Select(_ => Make(items, depth + 1))]);
    }

    private double Number(JsonElement schema)
    {
        var least = Double(schema, "minimum") ?? (Double(schema, "exclusiveMinimum") + 1);
        var most = Double(schema, "maximum") ?? (Double(schema, "exclusiveMaximum") - 1);
        var from = Math.Clamp(least ?? Math.Min(0, (most ?? 100) - 100), -NumberMax, NumberMax);
        var to = Math.Clamp(most ?? (from + 100), from, NumberMax);
        return from + Math.Floor(random.Below(101) / 100.0 * (to - from));
    }

    private string MakeText(JsonElement schema)
    {
        var text = (schema.TryGetProperty("format", out var format) ? format.GetString() : null) switch
        {
            "date-time" => "2026-01-02T03:04:05Z",
            "date" => "2026-01-02",
            "time" => "03:04:05Z",
            "email" => "someone@example.com",
            "uri" => "https://example.com/",
            "uuid" => "00000000-0000-4000-8000-000000000000",
            _ => random.Pick(Vocabulary.Words),
        };
        var least = Math.Clamp(Int(schema, "minLength") ?? 0, 0, TextCharsMax);
        var padded = text.PadRight(least, 'x');
        return Int(schema, "maxLength") is { } most && most >= 0 && padded.Length > most ? padded[..most] : padded;
    }

    private static int? Int(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : null;

    private static double? Double(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;
}
