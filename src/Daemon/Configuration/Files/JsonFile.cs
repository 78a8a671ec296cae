using System.Text.Json;

namespace Analemma.Daemon.Configuration.Files;

/// <summary>A machine file in JSON, comments and trailing commas allowed: objects are the sections.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 8,
    };

    public static SettingSource Read(string text, string name)
    {
        var source = new SettingSource();
        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            Take(document.RootElement, "", name, source);
        }
        catch (JsonException wrong)
        {
            source.Problems.Add($"{name} line {wrong.LineNumber + 1}: {wrong.Message.Split(" LineNumber:")[0]}");
        }

        return source;
    }

    private static void Take(JsonElement element, string key, string name, SettingSource source)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
            {
                Take(property.Value, key.Length == 0 ? property.Name : $"{key}.{property.Name}", name, source);
            }
        }
        else if (key.Length == 0)
        {
            source.Problems.Add($"{name}: expected an object of sections, found {element.ValueKind}");
        }
        else if (Scalar(element) is { } value)
        {
            source.Add(key, value, name);
        }
        else
        {
            source.Problems.Add($"{name}: {key} cannot be {element.ValueKind}");
        }
    }

    private static List<object>? Items(JsonElement element)
    {
        var items = element.EnumerateArray().Select(Scalar).ToList();
        return items.All(item => item is not null and not List<object>) ? [.. items.Select(item => item!)] : null;
    }

    private static object? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Array => Items(element),
        _ => null,
    };
}
