using System.Text.Json;
using Analemma.Models;

namespace Analemma.Integration.Tests.Models.Wire;

// https://platform.openai.com/docs/api-reference/chat/object and /chat-streaming,
// https://platform.openai.com/docs/guides/function-calling, /structured-outputs, /images-vision, /error-codes.
internal sealed class OpenAiWire : ProviderWire
{
    private const string Usage =
        """{"prompt_tokens":12,"completion_tokens":8,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":4},"""
        + """ "completion_tokens_details":{"reasoning_tokens":3}}""";

    private const string Head = "\"id\":\"chatcmpl-1\",\"created\":1741569952,\"model\":\"gpt-test\"";

    public override ModelProviderKind Kind => ModelProviderKind.OpenAi;

    public override string KeyHeader => "Authorization";

    public override string BasePath => "/v1";

    public override string? ErrorEvent => null;

    public override string Answer(string text, bool hasUsage) =>
        Whole($$"""{"role":"assistant","content":{{Text(text)}},"refusal":null}""", "stop", hasUsage);

    public override IReadOnlyList<string> Stream(IReadOnlyList<string> pieces, bool hasUsage) =>
    [
        Chunk("""{"role":"assistant","content":""}""", null),
        .. pieces.Select(piece => Chunk($$"""{"content":{{Text(piece)}}}""", null)),
        .. End("stop", hasUsage),
    ];

    public override string ToolCall(string tool, string arguments) => Whole(
        $$$"""{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":"""
        + $$$"""{"name":{{{Text(tool)}}},"arguments":{{{Text(arguments)}}}}}]}""", "tool_calls", true);

    public override IReadOnlyList<string> StreamedToolCall(string tool, string arguments)
    {
        var half = arguments.Length / 2;
        return
        [
            Chunk($$$"""{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","""
                + $$$""" "function":{"name":{{{Text(tool)}}},"arguments":""}}]}""", null),
            .. new[] { arguments[..half], arguments[half..] }.Select(part => Chunk(
                $$$"""{"tool_calls":[{"index":0,"function":{"arguments":{{{Text(part)}}}}}]}""", null)),
            .. End("tool_calls", true),
        ];
    }

    public override (int Status, string Body) Error(WireError error, string message)
    {
        var (status, type, code) = error switch
        {
            WireError.KeyRejected => (401, "invalid_request_error", "\"invalid_api_key\""),
            WireError.Forbidden => (403, "invalid_request_error", "null"),
            WireError.UnknownModel => (404, "invalid_request_error", "\"model_not_found\""),
            WireError.RateLimited => (429, "requests", "\"rate_limit_exceeded\""),
            WireError.ServerError => (500, "server_error", "null"),
            WireError.Overloaded => (503, "server_error", "null"),
            WireError.PromptTooLong => (400, "invalid_request_error", "\"context_length_exceeded\""),
            _ => (400, "invalid_request_error", "null"),
        };
        var text = error switch
        {
            WireError.PromptTooLong => "This model's maximum context length is 128000 tokens.",
            WireError.ImageTooLarge => "The image is too large.",
            _ => message,
        };
        var detail = $$"""{"message":{{Text(text)}},"type":"{{type}}","param":null,"code":{{code}}}""";
        return (status, $$"""{"error":{{detail}}}""");
    }

    public override AskedRequest Read(ReceivedRequest request)
    {
        var body = request.Json;
        var messages = Items(body, "messages").ToList();
        var parts = messages.SelectMany(message => Items(message, "content")).ToList();
        var tool = messages.LastOrDefault(message => Find(message, "role") == "tool");
        var image = parts.Select(part => Find(part, "image_url", "url")).LastOrDefault(url => url is not null);
        return new AskedRequest
        {
            Model = Find(body, "model"),
            System = messages.Where(message => Find(message, "role") == "system").Select(ContentText).FirstOrDefault(),
            LastText = messages.Count > 0 ? ContentText(messages[^1]) ?? "" : "",
            Tools = [.. Items(body, "tools").Select(each => Find(each, "function", "name")!)],
            ToolResult = tool.ValueKind == JsonValueKind.Object ? ContentText(tool) : null,
            ToolResultFor = tool.ValueKind == JsonValueKind.Object ? Find(tool, "tool_call_id") : null,
            Schema = Json(body, "response_format", "json_schema", "schema"),
            ImageBase64 = image?.Split(',')[1],
            ImageType = image?.Split(':', ';')[1],
            IsStream = Find(body, "stream") == "true" && Find(body, "stream_options", "include_usage") == "true",
            TokensMax = Json(body, "max_tokens")?.GetInt32(),
        };
    }

    private static string? ContentText(JsonElement message) =>
        message.GetProperty("content").ValueKind == JsonValueKind.String
            ? message.GetProperty("content").GetString()
            : Items(message, "content").Select(part => Find(part, "text")).FirstOrDefault(text => text is not null);

    private static string Whole(string message, string finish, bool hasUsage) =>
        $$"""{{{Head}},"object":"chat.completion","choices":[{"index":0,"message":{{message}},"logprobs":null,"""
        + $"\"finish_reason\":\"{finish}\"}}]" + (hasUsage ? $",\"usage\":{Usage}" : "") + "}";

    private static string Chunk(string delta, string? finish) => Data(
        $$"""[{"index":0,"delta":{{delta}},"finish_reason":{{(finish is null ? "null" : Text(finish))}}}]""", "null");

    private static string Data(string choices, string usage) =>
        $$"""data: {{{Head}},"object":"chat.completion.chunk","choices":{{choices}},"usage":{{usage}}}""" + "\n\n";

    private static IEnumerable<string> End(string finish, bool hasUsage) =>
        [Chunk("{}", finish), .. hasUsage ? [Data("[]", Usage)] : Array.Empty<string>(), "data: [DONE]\n\n"];
}
