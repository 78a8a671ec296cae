using System.Text.Json;

namespace Analemma.Kernel.Tools;

// What is checked, of JSON Schema 2020-12: type, enum, const, required, properties, additionalProperties (false, or a
// schema), items, minimum, maximum, minLength, maxLength, minItems, maxItems. Any other keyword is the server's to
// check, as it must anyway; so is what lies below a depth or beyond a count. What is refused here, the server would
// have refused, and the caller is told at once and in full.

/// <summary>Checks arguments against a tool's schema, before its server is bothered.</summary>
public static class SchemaCheck
{
    private const int ProblemsMax = 10;
    private const int DepthMax = 32;
    private const int ItemsMax = 10_000;
    private const int ShownChars = 60;

    /// <summary>Every problem, the first ten of them, each with its path.</summary>
    public static IReadOnlyList<string> Problems(JsonElement schema, JsonElement value, string path)
    {
        List<string> problems = [];
        Check(schema, value, path, 0, problems);
        return problems;
    }

    private static void Check(JsonElement schema, JsonElement value, string path, int depth, List<string> problems)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > DepthMax || problems.Count >= ProblemsMax)
        {
            return;
        }

        if (schema.TryGetProperty("type", out var type) && !IsOfType(type, value))
        {
            problems.Add($"{path} must be {TypeText(type)}, not {Shown(value)}");
            return;
        }

        CheckChoice(schema, value, path, problems);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                CheckObject(schema, value, path, depth, problems);
                break;
            case JsonValueKind.Array:
                CheckArray(schema, value, path, depth, problems);
                break;
            case JsonValueKind.Number:
                CheckBounds(schema, value.GetDouble(), path, "minimum", "maximum", "", problems);
                break;
            case JsonValueKind.String:
                var length = value.GetString()!.Length;
                CheckBounds(schema, length, path, "minLength", "maxLength", " characters long", problems);
                break;
        }
    }

    private static void CheckObject(
        JsonElement schema, JsonElement value, string path, int depth, List<string> problems)
    {
        var known = schema.TryGetProperty("properties", out var fields) && fields.ValueKind == JsonValueKind.Object;
        if (schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array)
        {
            problems.AddRange(required.EnumerateArray()
                .Where(
                    name => name.ValueKind == JsonValueKind.String && !value.TryGetProperty(name.GetString()!, out _))
                .Select(name => Missing(known ? fields : null, name.GetString()!, path))
                .Take(ProblemsMax - Math.Min(ProblemsMax, problems.Count)));
        }

        schema.TryGetProperty("additionalProperties", out var others);
        foreach (var field in value.EnumerateObject().Take(ItemsMax))
        {
            if (known && fields.TryGetProperty(field.Name, out var of))
            {
                Check(of, field.Value, $"{path}.{field.Name}", depth + 1, problems);
            }
            else if (others.ValueKind == JsonValueKind.False && !schema.TryGetProperty("patternProperties", out _))
            {
                problems.Add($"{path}.{Name(field.Name)} is not known{(known ? KnownNames(fields) : "")}");
            }
            else if (others.ValueKind == JsonValueKind.Object)
            {
                Check(others, field.Value, $"{path}.{Name(field.Name)}", depth + 1, problems);
            }

            if (problems.Count >= ProblemsMax)
            {
                return;
            }
        }
    }

    private static void CheckArray(
        JsonElement schema, JsonElement value, string path, int depth, List<string> problems)
    {
        CheckBounds(schema, value.GetArrayLength(), path, "minItems", "maxItems", " items long", problems);
        if (!schema.TryGetProperty("items", out var items) || schema.TryGetProperty("prefixItems", out _))
        {
            return;
        }

        foreach (var (at, item) in value.EnumerateArray().Take(ItemsMax).Index())
        {
            Check(items, item, $"{path}[{at}]", depth + 1, problems);
        }
    }

    private static void CheckChoice(JsonElement schema, JsonElement value, string path, List<string> problems)
    {
        if (schema.TryGetProperty("enum", out var choices) && choices.ValueKind == JsonValueKind.Array
            && !choices.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)))
        {
            var names = choices.EnumerateArray().Take(ProblemsMax).Select(Shown);
            problems.Add($"{path} must be one of {string.Join(", ", names)}, not {Shown(value)}");
        }

        if (schema.TryGetProperty("const", out var only) && !JsonElement.DeepEquals(only, value))
        {
            problems.Add($"{path} must be {Shown(only)}, not {Shown(value)}");
        }
    }

    private static void CheckBounds(
        JsonElement schema, double amount, string path, string least, string most, string unit, List<string> problems)
    {
        if (Number(schema, least) is { } low && amount < low)
        {
            problems.Add($"{path} must be at least {schema.GetProperty(least).GetRawText()}{unit}");
        }

        if (Number(schema, most) is { } high && amount > high)
        {
            problems.Add($"{path} must be at most {schema.GetProperty(most).GetRawText()}{unit}");
        }
    }

    private static double? Number(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var bound) && bound.ValueKind == JsonValueKind.Number
            ? bound.GetDouble()
            : null;

    private static bool IsOfType(JsonElement type, JsonElement value) => type.ValueKind switch
    {
        JsonValueKind.String => IsOfType(type.GetString()!, value),
        JsonValueKind.Array => type.EnumerateArray().Any(
            each => each.ValueKind != JsonValueKind.String || IsOfType(each.GetString()!, value)),
        _ => true,
    };

    private static bool IsOfType(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && double.IsInteger(value.GetDouble()),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    private static string Missing(JsonElement? fields, string name, string path) =>
        fields is { } known && known.TryGetProperty(name, out var of) && of.ValueKind == JsonValueKind.Object
        && of.TryGetProperty("type", out var type)
            ? $"{path}.{Name(name)} is missing; it must be {TypeText(type)}"
            : $"{path}.{Name(name)} is missing";

    private static string KnownNames(JsonElement fields)
    {
        var names = fields.EnumerateObject().Take(ProblemsMax).Select(field => Name(field.Name)).ToArray();
        return names.Length == 0 ? "; there are none" : $"; there are {string.Join(", ", names)}";
    }

    private static string TypeText(JsonElement type) => type.ValueKind == JsonValueKind.Array
        ? string.Join(" or ", type.EnumerateArray().Select(each => Name(each.ToString())))
        : Name(type.ToString());

    private static string Name(string name) => name.Length <= ShownChars ? name : $"{name[..ShownChars]}…";

    private static string Shown(JsonElement value) => Name(value.GetRawText());
}
