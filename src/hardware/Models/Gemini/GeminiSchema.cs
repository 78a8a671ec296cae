using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Models.Gemini;

// Gemini takes a schema in two forms. Its own, a part of OpenAPI 3.0 (https://ai.google.dev/api/caching#Schema), works
// with every model; JSON Schema itself (responseJsonSchema, parametersJsonSchema) only with newer ones. So a schema is
// put into the first form when it can be, and sent as it is only when it uses what that form lacks ($ref, oneOf …).

/// <summary>JSON Schema → Gemini's own form, where possible.</summary>
internal static class GeminiSchema
{
    private const int DepthMax = 32;

    /// <summary>Words that mean the same in both.</summary>
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "title", "description", "format", "enum", "minItems", "maxItems", "minProperties", "maxProperties",
        "minLength", "maxLength", "pattern", "minimum", "maximum", "example", "default", "required",
        "nullable", "propertyOrdering",
    };

    /// <summary>Words that constrain no answer.</summary>
    private static readonly HashSet<string> Dropped = new(StringComparer.Ordinal) { "$schema", "$id", "$comment" };

    /// <summary>Null when the schema needs words that Gemini's form does not have.</summary>
    public static JsonObject? TryConvert(JsonElement schema) => TryConvert(schema, 0);

    private static JsonObject? TryConvert(JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > DepthMax)
        {
            return null;
        }

        var converted = new JsonObject();
        foreach (var word in schema.EnumerateObject())
        {
            if (!TryAdd(converted, word, depth))
            {
                return null;
            }
        }

        return converted;
    }

    private static bool TryAdd(JsonObject into, JsonProperty word, int depth)
    {
        var value = word.Value;
        switch (word.Name)
        {
            case "type":
                return TryAddType(into, value);
            case "properties":
                return TryAddProperties(into, value, depth);
            case "items":
                return Set(into, "items", TryConvert(value, depth + 1));
            case "anyOf":
                return TryAddAnyOf(into, value, depth);
            case "additionalProperties":
                // Gemini writes no property that is not named, which is what false asks for.
                return value.ValueKind == JsonValueKind.False;
            default:
                return Dropped.Contains(word.Name)
                    || (Kept.Contains(word.Name) && Set(into, word.Name, JsonNode.Parse(value.GetRawText())));
        }
    }

    /// <summary>["string","null"] is a nullable string.</summary>
    private static bool TryAddType(JsonObject into, JsonElement type)
    {
        if (type.ValueKind == JsonValueKind.String)
        {
            into["type"] = type.GetString();
            return type.GetString() != "null";
        }

        var names = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(name => name.GetString()).ToList()
            : [];
        if (names.Remove("null"))
        {
            into["nullable"] = true;
        }

        return names.Count == 1 && Set(into, "type", names[0]);
    }

    private static bool TryAddProperties(JsonObject into, JsonElement properties, int depth)
    {
        var converted = new JsonObject();
        foreach (var property in properties.EnumerateObject())
        {
            if (!Set(converted, property.Name, TryConvert(property.Value, depth + 1)))
            {
                return false;
            }
        }

        return Set(into, "properties", converted);
    }

    private static bool TryAddAnyOf(JsonObject into, JsonElement choices, int depth)
    {
        var converted = choices.EnumerateArray().Select(each => TryConvert(each, depth + 1)).ToArray<JsonNode?>();
        return converted.All(each => each is not null) && Set(into, "anyOf", new JsonArray(converted));
    }

    private static bool Set(JsonObject into, string name, JsonNode? value)
    {
        if (value is null)
        {
            return false;
        }

        into[name] = value;
        return true;
    }
}
