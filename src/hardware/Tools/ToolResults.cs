using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using ModelContextProtocol.Protocol;

namespace Analemma.Tools;

/// <summary>A server's result as the kernel's reply, within its bound and without what is to be hidden.</summary>
internal static class ToolResults
{
    private const string Mask = "[secret]";

    /// <summary>What a server says of itself and of what went wrong is cut beyond.</summary>
    private const int SaidCharsMax = 1_000;

    /// <summary>What a part weighs beside its words.</summary>
    private const int PartBytes = 32;

    public static CallToolReply Reply(CallToolResult result, ToolSessionOptions options)
    {
        List<ToolPart> parts = [.. (result.Content ?? []).Select(block => Part(block, options.Hidden))];
        var structured = result.StructuredContent is { } json ? Structured(json, options.Hidden) : (JsonElement?)null;
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

    /// <summary>Words of a server that are kept and told on, without what is to be hidden.</summary>
    public static string Said(string text, IReadOnlyList<string> hidden)
    {
        var said = Hide(text, hidden);
        return said.Length <= SaidCharsMax ? said : $"{said[..SaidCharsMax]}…";
    }

    public static string Hide(string text, IReadOnlyList<string> hidden)
    {
        foreach (var value in hidden)
        {
            text = text.Replace(value, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>As it can be written again: whole characters, and no deeper than the wire takes it.</summary>
    private static JsonElement Structured(JsonElement json, IReadOnlyList<string> hidden)
    {
        if (ToolCatalog.Depth(json) >= AbiLimits.JsonDepthMax)
        {
            throw new ToolServerException(
                ToolServerFailure.TooLarge,
                $"its result is nested more than {AbiLimits.JsonDepthMax - 1} levels deep");
        }

        return Hide(JsonSurrogates.Parse(Encoding.UTF8.GetBytes(json.GetRawText())), hidden);
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
            new ToolPart("image") { Data = Base64(image.DecodedData), MimeType = Hide(image.MimeType, hidden) },
        AudioContentBlock audio =>
            new ToolPart("audio") { Data = Base64(audio.DecodedData), MimeType = Hide(audio.MimeType, hidden) },
        ResourceLinkBlock link => new ToolPart("resource_link")
        {
            Uri = Hide(link.Uri, hidden),
            Name = Hide(link.Name, hidden),
            MimeType = link.MimeType is { } type ? Hide(type, hidden) : null,
        },
        EmbeddedResourceBlock { Resource: TextResourceContents text } => new ToolPart("resource")
        {
            Uri = Hide(text.Uri, hidden),
            Text = Hide(text.Text, hidden),
            MimeType = text.MimeType is { } type ? Hide(type, hidden) : null,
        },
        EmbeddedResourceBlock { Resource: BlobResourceContents blob } => new ToolPart("resource")
        {
            Uri = Hide(blob.Uri, hidden),
            Data = Base64(blob.DecodedData),
            MimeType = blob.MimeType is { } type ? Hide(type, hidden) : null,
        },
        _ => new ToolPart("text") { Text = $"[{Hide(block.Type, hidden)}, which this kernel does not know]" },
    };

    private static string Base64(ReadOnlyMemory<byte> bytes) => Convert.ToBase64String(bytes.Span);

    private static long Bytes(ToolPart part) => PartBytes + Encoding.UTF8.GetByteCount(part.Text ?? "")
        + (part.Data?.Length ?? 0L) + (part.Uri?.Length ?? 0) + (part.Name?.Length ?? 0) + (part.MimeType?.Length ?? 0);
}
