using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Tools;

/// <summary>Results and refusals of CALLTOOL in the words of the protocol.</summary>
internal static class McpResults
{
    public static JsonObject Of(CallToolReply reply)
    {
        IEnumerable<ToolPart> parts = reply.Parts
            ?? (reply.Content.Length > 0 ? [new ToolPart("text") { Text = reply.Content }] : []);
        JsonObject result = new() { ["content"] = new JsonArray([.. parts.Select(Part)]), ["isError"] = reply.IsError };
        if (reply.Structured is { } structured)
        {
            result["structuredContent"] = JsonNode.Parse(structured.GetRawText());
        }

        return result;
    }

    /// <summary>For a model to read and to act upon.</summary>
    public static JsonObject Of(SysError refusal)
    {
        var text = refusal.Hint is { } hint ? $"{refusal.Message}; {hint}" : refusal.Message;
        var part = new JsonObject { ["type"] = "text", ["text"] = $"{refusal.CodeName}: {text}" };
        return new JsonObject { ["content"] = new JsonArray(part), ["isError"] = true };
    }

    private static JsonNode Part(ToolPart part) => part.Type switch
    {
        "image" or "audio" => new JsonObject
        {
            ["type"] = part.Type,
            ["data"] = part.Data,
            ["mimeType"] = part.MimeType,
        },
        "resource_link" => new JsonObject
        {
            ["type"] = part.Type,
            ["uri"] = part.Uri,
            ["name"] = part.Name ?? part.Uri,
        },
        "resource" => new JsonObject { ["type"] = part.Type, ["resource"] = Resource(part) },
        _ => new JsonObject { ["type"] = "text", ["text"] = part.Text ?? "" },
    };

    private static JsonObject Resource(ToolPart part)
    {
        JsonObject resource = new() { ["uri"] = part.Uri };
        if (part.MimeType is not null)
        {
            resource["mimeType"] = part.MimeType;
        }

        resource[part.Data is null ? "text" : "blob"] = part.Data ?? part.Text ?? "";
        return resource;
    }
}
