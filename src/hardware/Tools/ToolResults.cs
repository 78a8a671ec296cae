using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;
using ModelContextProtocol.Protocol;

namespace Analemma.Tools;

/// <summary>A server's result as the kernel's reply, within its bound and without what is to be hidden.</summary>
internal static class ToolResults
{
    private const string Mask = "[secret]";

    public static CallToolReply Reply(CallToolResult result, ToolSessionOptions options)
    {
        List<ToolPart> parts = [.. (result.Content ?? []).Select(block => Part(block, options.Hidden))];
        var structured = result.StructuredContent is { } json ? Hide(json, options.Hidden) : (JsonElement?)null;
        var bytes = parts.Sum(Bytes) + (structured?.GetRawText().Length ?? 0L);
        if (bytes > options.ResultBytesMax)
        {
            throw new ToolServerException(
                ToolServerFailure.TooLarge,
                $"its result has {bytes} bytes; at most {options.ResultBytesMax} are handed on");
        }

        var text = string.Join('\n', parts.Select(part => part.Text).OfType<string>());
        return new CallToolReply(text.Length == 0 && structured is { } only ? only.GetRawText() : text)
        {
            IsError = result.IsError == true,
            Structured = structured,
            Parts = parts.All(part => part.Type == "text") ? null : parts,
        };
    }

    public static string Hide(string text, IReadOnlyList<string> hidden)
    {
        foreach (var value in hidden)
        {
            text = text.Replace(value, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    private static JsonElement Hide(JsonElement json, IReadOnlyList<string> hidden)
    {
        if (hidden.Count == 0)
        {
            return json;
        }

        var node = JsonNode.Parse(json.GetRawText());
        return JsonSerializer.SerializeToElement(Hide(node, hidden));
    }

    /// <summary>Text by text, however the server has escaped it.</summary>
    private static JsonNode? Hide(JsonNode? node, IReadOnlyList<string> hidden) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(
            field => KeyValuePair.Create(Hide(field.Key, hidden), Hide(field.Value, hidden)))),
        JsonArray items => new JsonArray([.. items.Select(item => Hide(item, hidden))]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Hide(text, hidden)),
        _ => node?.DeepClone(),
    };

    private static ToolPart Part(ContentBlock block, IReadOnlyList<string> hidden) => block switch
    {
        TextContentBlock text => new ToolPart("text") { Text = Hide(text.Text ?? "", hidden) },
        ImageContentBlock image =>
            new ToolPart("image") { Data = Base64(image.DecodedData), MimeType = image.MimeType },
        AudioContentBlock audio =>
            new ToolPart("audio") { Data = Base64(audio.DecodedData), MimeType = audio.MimeType },
        ResourceLinkBlock link => new ToolPart("resource_link")
        {
            Uri = Hide(link.Uri, hidden),
            Name = link.Name,
            MimeType = link.MimeType,
        },
        EmbeddedResourceBlock { Resource: TextResourceContents text } => new ToolPart("resource")
        {
            Uri = Hide(text.Uri, hidden),
            Text = Hide(text.Text, hidden),
            MimeType = text.MimeType,
        },
        EmbeddedResourceBlock { Resource: BlobResourceContents blob } => new ToolPart("resource")
        {
            Uri = Hide(blob.Uri, hidden),
            Data = Base64(blob.DecodedData),
            MimeType = blob.MimeType,
        },
        _ => new ToolPart("text") { Text = $"[{block.Type}, which this kernel does not know]" },
    };

    private static string Base64(ReadOnlyMemory<byte> bytes) => Convert.ToBase64String(bytes.Span);

    private static long Bytes(ToolPart part) =>
        Encoding.UTF8.GetByteCount(part.Text ?? "") + (part.Data?.Length ?? 0) + (part.Uri?.Length ?? 0L);
}
