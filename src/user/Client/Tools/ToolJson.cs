using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Analemma.Client.Tools;

/// <summary>Types as JSON Schema, what a model sent as values, and values as text for a model.</summary>
internal static class ToolJson
{
    /// <summary>For schemas: as strict as what the model should send.</summary>
    private static readonly JsonSerializerOptions Strict = Options(JsonNumberHandling.Strict);

    /// <summary>For values: also what models send instead, where nothing is lost by it.</summary>
    private static readonly JsonSerializerOptions Lenient = Options(JsonNumberHandling.AllowReadingFromString);

    private static readonly JsonSchemaExporterOptions Exporter = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Describe,
    };

    public static JsonNode SchemaOf(Type type) => Strict.GetJsonSchemaAsNode(type, Exporter);

    /// <summary>Why a value does not fit, in words for a model; null when it does.</summary>
    public static string? TryRead(JsonElement sent, Type type, string path, out object? value)
    {
        value = null;
        try
        {
            value = Plain(sent).Deserialize(type, Lenient);
            return null;
        }
        catch (JsonException wrong)
        {
            // "The JSON value could not be converted …" says less than the schema; other messages name a property.
            var inner = wrong.Path is { Length: > 1 } at ? at[1..] : "";
            var tells = !wrong.Message.StartsWith("The JSON value could not", StringComparison.Ordinal);
            return inner.Length == 0 && !tells
                ? $"{path} must be {Expected(type)}, not {Shown(sent)}"
                : $"{path}{inner}: {wrong.Message.Split(" Path: ")[0]}";
        }
        catch (Exception wrong) when (wrong is NotSupportedException or ArgumentException or FormatException)
        {
            return $"{path}: {wrong.Message}";
        }
    }

    public static string Text(object? value) => value as string ?? JsonSerializer.Serialize(value, Lenient);

    public static string Expected(Type type) => (SchemaOf(type)["type"], SchemaOf(type)["enum"]) switch
    {
        (_, JsonArray choices) => $"one of {string.Join(", ", choices.Select(choice => choice?.ToJsonString()))}",
        (JsonArray types, _) => string.Join(" or ", types.Select(each => each?.ToString())),
        ({ } name, _) => name.ToString(),
        _ => "JSON",
    };

    private static string Shown(JsonElement sent)
    {
        var text = sent.GetRawText();
        return text.Length <= 60 ? text : $"{text[..57]}...";
    }

    /// <summary>Models that know one kind of number write 5.0 for an integer.</summary>
    private static JsonNode? Plain(JsonElement sent) => sent.ValueKind switch
    {
        JsonValueKind.Array => new JsonArray([.. sent.EnumerateArray().Select(Plain)]),
        JsonValueKind.Object => new JsonObject(
            sent.EnumerateObject().Select(each => KeyValuePair.Create(each.Name, Plain(each.Value)))),
        JsonValueKind.Number when !sent.TryGetInt64(out _)
            && sent.TryGetDouble(out var number)
            && double.IsInteger(number)
            && Math.Abs(number) < 1e15 => JsonValue.Create((long)number),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(sent),
    };

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        var described = context.PropertyInfo?.AttributeProvider ?? context.TypeInfo.Type;
        if (schema is JsonObject fields
            && described.GetCustomAttributes(typeof(DescriptionAttribute), inherit: true)
                is [DescriptionAttribute { Description: { Length: > 0 } description }, ..])
        {
            fields.Insert(0, "description", description);
        }

        return schema;
    }

    private static JsonSerializerOptions Options(JsonNumberHandling numbers)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = numbers,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
        };
        options.MakeReadOnly();
        return options;
    }
}
