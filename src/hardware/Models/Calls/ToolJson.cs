using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>Arguments and results of tools between their JSON and the objects that messages hold.</summary>
internal static class ToolJson
{
    public static string Write(object? value) => value switch
    {
        string text => text,
        JsonElement element => element.GetRawText(),
        _ => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object))),
    };

    public static JsonElement Element(object? value) => value is JsonElement element
        ? element
        : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));

    public static JsonElement Arguments(FunctionCallContent call) =>
        Element(call.Arguments ?? new Dictionary<string, object?>());

    /// <summary>A call whose arguments are not an object says so; the guard makes the failure of it.</summary>
    public static FunctionCallContent Call(string id, string name, string arguments) =>
        FunctionCallContent.CreateFromParsedArguments(arguments, id, name, Parse);

    public static Dictionary<string, object?> Parse(JsonElement arguments) =>
        arguments.ValueKind == JsonValueKind.Object
            ? arguments.EnumerateObject().ToDictionary(each => each.Name, object? (each) => each.Value.Clone())
            : throw new JsonException($"Arguments are {arguments.ValueKind}, not an object.");

    /// <summary>Some models write nothing where a tool has no parameters.</summary>
    private static Dictionary<string, object?> Parse(string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
        {
            return [];
        }

        using var document = JsonDocument.Parse(arguments);
        return Parse(document.RootElement);
    }
}
