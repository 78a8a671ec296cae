using System.Text;
using System.Text.Json;
using Analemma.Abi;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Analemma.Tools;

/// <summary>Asks a server for its tools, page by page, and keeps those that are within the bounds.</summary>
internal static class ToolCatalog
{
    private const int NameCharsMax = 128;
    private const int DepthMax = 24;

    public static async Task<IReadOnlyList<FoundTool>> ReadAsync(
        McpClient client, ToolSessionOptions options, CancellationToken cancellationToken)
    {
        if (client.ServerCapabilities.Tools is null)
        {
            return [];
        }

        List<FoundTool> tools = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        string? cursor = null;
        for (var page = 0; page < options.ToolsMax && tools.Count < options.ToolsMax; page++)
        {
            var result = await client.ListToolsAsync(
                new ListToolsRequestParams { Cursor = cursor }, cancellationToken);
            tools.AddRange((result.Tools ?? [])
                .Select(tool => Take(tool, options))
                .OfType<FoundTool>()
                .Where(tool => names.Add(tool.Name))
                .Take(options.ToolsMax - tools.Count));
            cursor = result.NextCursor;
            if (string.IsNullOrEmpty(cursor))
            {
                break;
            }
        }

        return tools;
    }

    /// <summary>Null for one whose name or schema is out of bounds.</summary>
    internal static FoundTool? Take(Tool tool, ToolSessionOptions options)
    {
        if (tool.Name is not { Length: > 0 and <= NameCharsMax } name
            || name.Any(character => character is <= ' ' or > '~') || name == "*"
            || !Fits(tool.InputSchema, options))
        {
            return null;
        }

        return new FoundTool(name, tool.InputSchema)
        {
            Title = Cut(tool.Title ?? tool.Annotations?.Title, options),
            Description = Cut(tool.Description, options),
            Result = tool.OutputSchema is { } result && Fits(result, options) ? result : null,
            ReadOnly = tool.Annotations?.ReadOnlyHint,
        };
    }

    private static string? Cut(string? text, ToolSessionOptions options)
    {
        var hidden = text is null ? null : ToolResults.Hide(text, options.Hidden);
        return hidden?.Length > options.DescriptionCharsMax
            ? $"{hidden[..options.DescriptionCharsMax]}…"
            : hidden;
    }

    private static bool Fits(JsonElement schema, ToolSessionOptions options) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.GetRawText().Length <= options.SchemaBytesMax
        && Depth(schema) <= DepthMax
        && JsonSurrogates.IndexOfLone(Encoding.UTF8.GetBytes(schema.GetRawText())) < 0;

    /// <summary>The wire's own bound on nesting must hold for a schema within an answer.</summary>
    internal static int Depth(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => 1 + json.EnumerateObject().Select(field => Depth(field.Value)).DefaultIfEmpty().Max(),
        JsonValueKind.Array => 1 + json.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };
}
