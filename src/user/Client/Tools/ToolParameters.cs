using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Client.Tools;

/// <summary>
/// The parameters of a tool's function: their schema, and how what a model sent becomes their values.
/// </summary>
internal sealed class ToolParameters
{
    private readonly ParameterInfo[] _all;
    private readonly Dictionary<string, ParameterInfo> _known;

    public ToolParameters(MethodInfo method)
    {
        _all = method.GetParameters();
        foreach (var parameter in _all)
        {
            if (parameter.ParameterType.IsByRef || parameter.ParameterType.IsPointer || parameter.Name is null)
            {
                throw new ArgumentException(
                    $"parameter {parameter.Name ?? "?"} of {method.Name} has no JSON Schema: it is no plain value");
            }
        }

        _known = _all.Where(parameter => parameter.ParameterType != typeof(CancellationToken))
            .ToDictionary(parameter => parameter.Name!, StringComparer.Ordinal);
        Schema = JsonSerializer.SerializeToElement(SchemaOf(method.Name));
    }

    public JsonElement Schema { get; }

    /// <summary>The values in the function's order, or every problem with what was sent.</summary>
    public IReadOnlyList<string> Read(JsonElement? sent, CancellationToken cancellationToken, out object?[] values)
    {
        values = new object?[_all.Length];
        List<string> problems = [];
        if (sent is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
        {
            return ["the arguments must be an object"];
        }

        var fields = sent is { ValueKind: JsonValueKind.Object } given
            ? given.EnumerateObject().DistinctBy(field => field.Name)
                .ToDictionary(field => field.Name, field => field.Value)
            : [];
        var names = _known.Count == 0 ? "none" : string.Join(", ", _known.Keys);
        problems.AddRange(fields.Keys
            .Where(name => !_known.ContainsKey(name))
            .Select(name => $"{name} is not known; there are: {names}"));
        for (var at = 0; at < _all.Length; at++)
        {
            var parameter = _all[at];
            if (parameter.ParameterType == typeof(CancellationToken))
            {
                values[at] = cancellationToken;
            }
            else if (Read(parameter, fields, out values[at]) is { } problem)
            {
                problems.Add(problem);
            }
        }

        return problems;
    }

    private static string? Read(ParameterInfo parameter, Dictionary<string, JsonElement> fields, out object? value)
    {
        value = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        if (!fields.TryGetValue(parameter.Name!, out var sent))
        {
            return parameter.HasDefaultValue
                ? null
                : $"{parameter.Name} is missing; it must be {ToolJson.Expected(parameter.ParameterType)}";
        }

        if (sent.ValueKind == JsonValueKind.Null && parameter.HasDefaultValue && parameter.DefaultValue is null)
        {
            return null;
        }

        if (sent.ValueKind == JsonValueKind.Null && !TakesNull(parameter))
        {
            return $"{parameter.Name} must be {ToolJson.Expected(parameter.ParameterType)}, not null";
        }

        return ToolJson.TryRead(sent, parameter.ParameterType, parameter.Name!, out value);
    }

    private static bool TakesNull(ParameterInfo parameter) =>
        new NullabilityInfoContext().Create(parameter).WriteState is NullabilityState.Nullable;

    private JsonObject SchemaOf(string method)
    {
        JsonObject properties = [];
        foreach (var (name, parameter) in _known)
        {
            properties[name] = PropertyOf(parameter, method);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (_known.Values.Where(parameter => !parameter.HasDefaultValue).ToList() is { Count: > 0 } required)
        {
            schema["required"] = new JsonArray([.. required.Select(parameter => JsonValue.Create(parameter.Name))]);
        }

        return schema;
    }

    private static JsonNode PropertyOf(ParameterInfo parameter, string method)
    {
        JsonNode schema;
        try
        {
            schema = ToolJson.SchemaOf(parameter.ParameterType);
        }
        catch (Exception wrong) when (wrong is NotSupportedException or InvalidOperationException)
        {
            throw new ArgumentException(
                $"parameter {parameter.Name} of {method} has no JSON Schema: {wrong.Message}", wrong);
        }

        if (schema is not JsonObject fields)
        {
            return schema;
        }

        if (parameter.GetCustomAttribute<DescriptionAttribute>() is { Description: { Length: > 0 } description })
        {
            fields.Remove("description");
            fields.Insert(0, "description", description);
        }

        if (parameter is { HasDefaultValue: true, DefaultValue: { } value })
        {
            var type = parameter.ParameterType;
            fields["default"] = JsonSerializer.SerializeToNode(type.IsEnum ? Enum.GetName(type, value) : value);
        }

        return schema;
    }
}
