using System.Text.Json;
using Analemma.Models;

namespace Analemma.Integration.Tests.Models.Wire;

// https://docs.anthropic.com/en/api/messages, https://docs.anthropic.com/en/docs/build-with-claude/streaming,
// https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/overview, /build-with-claude/structured-outputs,
// /build-with-claude/vision, https://docs.anthropic.com/en/api/errors.
internal sealed class AnthropicWire : ProviderWire
{
    private const string Usage =
        """{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":8}""";

    public override ModelProviderKind Kind => ModelProviderKind.Anthropic;

    public override string KeyHeader => "x-api-key";

    public override string? ErrorEvent => Event(
        "error", """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""");

    public override string Answer(string text, bool hasUsage) =>
        Message($$"""[{"type":"text","text":{{Text(text)}}}]""", "\"end_turn\"", hasUsage);

    public override IReadOnlyList<string> Stream(IReadOnlyList<string> pieces, bool hasUsage) =>
    [
        Start(hasUsage),
        Event("content_block_start",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
        Event("ping", """{"type":"ping"}"""),
        .. pieces.Select(piece => Delta($$"""{"type":"text_delta","text":{{Text(piece)}}}""")),
        .. End("end_turn", hasUsage),
    ];

    public override string ToolCall(string tool, string arguments) => Message(
        $$"""[{"type":"tool_use","id":"toolu_1","name":{{Text(tool)}},"input":{{arguments}}}]""", "\"tool_use\"", true);

    public override IReadOnlyList<string> StreamedToolCall(string tool, string arguments)
    {
        var half = arguments.Length / 2;
        return
        [
            Start(true),
            Event("content_block_start",
                """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","""
                + $$$$""" "name":{{{{Text(tool)}}}},"input":{}}}"""),
            .. new[] { arguments[..half], arguments[half..] }.Select(part =>
                Delta($$"""{"type":"input_json_delta","partial_json":{{Text(part)}}}""")),
            .. End("tool_use", true),
        ];
    }

    public override (int Status, string Body) Error(WireError error, string message)
    {
        var (status, type) = error switch
        {
            WireError.KeyRejected => (401, "authentication_error"),
            WireError.Forbidden => (403, "permission_error"),
            WireError.UnknownModel => (404, "not_found_error"),
            WireError.RateLimited => (429, "rate_limit_error"),
            WireError.ServerError => (500, "api_error"),
            WireError.Overloaded => (529, "overloaded_error"),
            _ => (400, "invalid_request_error"),
        };
        var text = error switch
        {
            WireError.PromptTooLong => "prompt is too long: 208310 tokens > 200000 maximum",
            WireError.ImageTooLarge => "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum",
            _ => message,
        };
        var detail = $$"""{"type":"{{type}}","message":{{Text(text)}}}""";
        return (status, $$"""{"type":"error","error":{{detail}},"request_id":"req_1"}""");
    }

    public override AskedRequest Read(ReceivedRequest request)
    {
        var body = request.Json;
        var blocks = Items(body, "messages").SelectMany(Blocks).ToList();
        var result = blocks.LastOrDefault(block => Find(block, "type") == "tool_result");
        var image = blocks.LastOrDefault(block => Find(block, "type") == "image");
        return new AskedRequest
        {
            Model = Find(body, "model"),
            System = Items(body, "system").Select(block => Find(block, "text")).FirstOrDefault(),
            LastText = blocks.Select(block => Find(block, "text")).LastOrDefault(text => text is not null) ?? "",
            Tools = [.. Items(body, "tools").Select(tool => Find(tool, "name")!)],
            ToolResult = Find(result, "content"),
            ToolResultFor = Find(result, "tool_use_id"),
            Schema = Json(body, "output_config", "format", "schema"),
            ImageBase64 = Find(image, "source", "data"),
            ImageType = Find(image, "source", "media_type"),
            IsStream = Find(body, "stream") == "true",
            TokensMax = Json(body, "max_tokens")?.GetInt32(),
        };
    }

    /// <summary>A message's content may be a text alone.</summary>
    private static IEnumerable<JsonElement> Blocks(JsonElement message)
    {
        var content = message.GetProperty("content");
        return content.ValueKind == JsonValueKind.String
            ? [JsonSerializer.SerializeToElement(new { type = "text", text = content.GetString() })]
            : content.EnumerateArray();
    }

    private static string Message(string content, string stop, bool hasUsage) =>
        $$"""{"id":"msg_1","type":"message","role":"assistant","model":"claude-test","content":{{content}},"""
        + $"\"stop_reason\":{stop},\"stop_sequence\":null" + (hasUsage ? $",\"usage\":{Usage}" : "") + "}";

    private static string Start(bool hasUsage) =>
        Event("message_start", $$"""{"type":"message_start","message":{{Message("[]", "null", hasUsage)}}}""");

    private static string Delta(string delta) =>
        Event("content_block_delta", $$"""{"type":"content_block_delta","index":0,"delta":{{delta}}}""");

    /// <summary>The usage at the end counts the output alone, as in the documentation's first example.</summary>
    private static IEnumerable<string> End(string stop, bool hasUsage) =>
    [
        Event("content_block_stop", """{"type":"content_block_stop","index":0}"""),
        Event("message_delta", $$"""{"type":"message_delta","delta":{"stop_reason":"{{stop}}","stop_sequence":null}"""
            + (hasUsage ? ",\"usage\":{\"output_tokens\":8}}" : "}")),
        Event("message_stop", """{"type":"message_stop"}"""),
    ];

    private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
}
