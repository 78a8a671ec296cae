using System.Text.Json;
using Analemma.Models;

namespace Analemma.Integration.Tests.Models.Wire;

// https://ai.google.dev/api/generate-content (GenerateContentResponse, Candidate, UsageMetadata),
// https://ai.google.dev/gemini-api/docs/function-calling (functionCall, functionResponse),
// https://ai.google.dev/gemini-api/docs/structured-output, https://ai.google.dev/gemini-api/docs/image-understanding,
// https://ai.google.dev/gemini-api/docs/troubleshooting (errors), google.rpc.RetryInfo and ErrorInfo (details).
internal sealed class GeminiWire : ProviderWire
{
    private const string Usage =
        ""","usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":5,"totalTokenCount":20,"""
        + """ "thoughtsTokenCount":3,"cachedContentTokenCount":4}""";

    public override ModelProviderKind Kind => ModelProviderKind.Gemini;

    public override string KeyHeader => "x-goog-api-key";

    public override string? ErrorEvent =>
        """data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}""" + "\r\n\r\n";

    public override string Answer(string text, bool hasUsage) =>
        Body($$"""{"text":{{Text(text)}}}""", "STOP", hasUsage);

    public override IReadOnlyList<string> Stream(IReadOnlyList<string> pieces, bool hasUsage) =>
    [
        .. pieces.SkipLast(1).Select(piece => Event(Body($$"""{"text":{{Text(piece)}}}""", null, false))),
        Event(Body($$"""{"text":{{Text(pieces[^1])}}}""", "STOP", hasUsage)),
    ];

    public override string ToolCall(string tool, string arguments) =>
        Body($$$"""{"functionCall":{"name":{{{Text(tool)}}},"args":{{{arguments}}}}}""", "STOP", true);

    public override IReadOnlyList<string> StreamedToolCall(string tool, string arguments) =>
        [Event(ToolCall(tool, arguments))];

    private const string BadKey =
        """[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","""
        + """ "domain":"googleapis.com"}]""";

    public override (int Status, string Body) Error(WireError error, string message)
    {
        var (status, name, details) = error switch
        {
            WireError.KeyRejected => (400, "INVALID_ARGUMENT", BadKey),
            WireError.Forbidden => (403, "PERMISSION_DENIED", "[]"),
            WireError.UnknownModel => (404, "NOT_FOUND", "[]"),
            WireError.RateLimited => (429, "RESOURCE_EXHAUSTED",
                """[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]"""),
            WireError.ServerError => (500, "INTERNAL", "[]"),
            WireError.Overloaded => (503, "UNAVAILABLE", "[]"),
            _ => (400, "INVALID_ARGUMENT", "[]"),
        };
        var text = error switch
        {
            WireError.PromptTooLong =>
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            WireError.ImageTooLarge => "Provided image is too large.",
            _ => message,
        };
        var head = $$"""{"error":{"code":{{status}},"message":{{Text(text)}},"status":"{{name}}",""";
        return (status, $$$"""{{{head}}}"details":{{{details}}}}}""");
    }

    public override AskedRequest Read(ReceivedRequest request)
    {
        var body = request.Json;
        var parts = Items(body, "contents").SelectMany(content => Items(content, "parts")).ToList();
        var response = parts.Where(part => part.TryGetProperty("functionResponse", out _)).ToList();
        var image = parts.Where(part => part.TryGetProperty("inlineData", out _)).ToList();
        return new AskedRequest
        {
            Model = request.Path.Split("models/")[1].Split(':')[0],
            System = Items(body.TryGetProperty("systemInstruction", out var s) ? s : default, "parts", true)
                .Select(part => Find(part, "text")).FirstOrDefault(),
            LastText = parts.Select(part => Find(part, "text")).LastOrDefault(text => text is not null) ?? "",
            Tools = [.. Items(body, "tools").SelectMany(tool => Items(tool, "functionDeclarations"))
                .Select(function => Find(function, "name")!)],
            ToolResult = response.Select(part => Find(part, "functionResponse", "response")).LastOrDefault(),
            ToolResultFor = response.Select(part => Find(part, "functionResponse", "name")).LastOrDefault(),
            Schema = Json(body, "generationConfig", "responseSchema"),
            ImageBase64 = image.Select(part => Find(part, "inlineData", "data")).LastOrDefault(),
            ImageType = image.Select(part => Find(part, "inlineData", "mimeType")).LastOrDefault(),
            IsStream = request.Path.EndsWith(":streamGenerateContent?alt=sse", StringComparison.Ordinal),
            TokensMax = Json(body, "generationConfig", "maxOutputTokens")?.GetInt32(),
        };
    }

    private static IEnumerable<JsonElement> Items(JsonElement from, string name, bool mayLack) =>
        mayLack && from.ValueKind != JsonValueKind.Object ? [] : ProviderWire.Items(from, name);

    private static string Event(string body) => $"data: {body}\r\n\r\n";

    private static string Body(string part, string? finish, bool hasUsage)
    {
        var end = finish is null ? "" : $",\"finishReason\":\"{finish}\"";
        return $$$"""{"candidates":[{"content":{"parts":[{{{part}}}],"role":"model"}{{{end}}},"index":0}]"""
            + (hasUsage ? Usage : "") + ""","modelVersion":"gemini-2.5-flash","responseId":"r-1"}""";
    }
}
