using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>
/// Gemini's Schema (https://ai.google.dev/api/caching#Schema), a part of OpenAPI's, as JSON Schema: types in small
/// letters, <c>nullable</c> as a type, counts as numbers.
/// </summary>
internal static class GenerateSchema
{
    private static readonly string[] Counts =
        ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

    // Of presentation alone, or an example.
    private static readonly string[] Dropped = ["propertyOrdering", "property_ordering", "nullable", "example"];

    public static JsonElement Convert(Field schema) =>
        JsonElement.Parse(Convert(JsonNode.Parse(schema.Json()!.Value.GetRawText())!, schema).ToJsonString());

    private static JsonObject Convert(JsonNode node, Field at)
    {
        if (node is not JsonObject schema)
        {
            throw at.Unsupported("a schema must be an object");
        }

        JsonObject converted = [];
        foreach (var (name, value) in schema)
        {
            if (value is not null && !Dropped.Contains(name, StringComparer.Ordinal))
            {
                var (key, kept) = Property(name, value, at);
                converted[key] = kept;
            }
        }

        if (schema["nullable"] is JsonValue nullable && nullable.TryGetValue<bool>(out var may) && may
            && converted["type"] is JsonValue type)
        {
            converted["type"] = new JsonArray(type.DeepClone(), "null");
        }

        return converted;
    }

    private static (string Name, JsonNode Value) Property(string name, JsonNode value, Field at) => (name, value) switch
    {
        ("type", JsonValue type) when type.TryGetValue<string>(out var text) => ("type", text.ToLowerInvariant()),
        ("properties" or "$defs" or "defs", JsonObject properties) => (name, new JsonObject(properties.Select(
            each => KeyValuePair.Create(each.Key, (JsonNode?)Convert(each.Value ?? new JsonObject(), at))))),
        ("items", _) => ("items", Convert(value, at)),
        ("anyOf" or "any_of", JsonArray choices) => ("anyOf", Each(choices, at)),
        ("prefixItems", JsonArray items) => ("prefixItems", Each(items, at)),
        _ when Counts.Contains(name, StringComparer.Ordinal) && value is JsonValue count
            && count.TryGetValue<string>(out var digits) && long.TryParse(digits, out var number) => (name, number),
        _ => (name, value.DeepClone()),
    };

    private static JsonArray Each(JsonArray items, Field at) =>
        [.. items.Select(item => Convert(item ?? new JsonObject(), at))];
}
