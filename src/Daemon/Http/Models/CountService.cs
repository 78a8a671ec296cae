using Analemma.Daemon.Http.Models.Anthropic;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Kernel.Models;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>
/// Counts the tokens of a request without asking any model: Anthropic's count_tokens and Gemini's countTokens. The
/// number is the kernel's own estimate, by which it queues and limits calls, and not the provider's count.
/// </summary>
internal sealed class CountService(AnswerStamps stamps) : IHttpService
{
    private const string AnthropicPath = "/v1/messages/count_tokens";
    private const string GeminiEnd = ":countTokens";

    private static readonly MessagesApi Messages = new();
    private static readonly GenerateApi Generate = new(GenerateFraming.Whole);

    public bool RunsInline => true;

    public bool Takes(HttpRequest request) => request.Path == AnthropicPath
        || (request.Path.Value!.StartsWith("/v1", StringComparison.Ordinal)
            && request.Path.Value.EndsWith(GeminiEnd, StringComparison.Ordinal));

    public async Task ServeAsync(HttpContext http)
    {
        var isGemini = http.Request.Path != AnthropicPath;
        ModelExchange exchange = new(http, isGemini ? Generate : Messages, stamps.Next());
        if (await exchange.AdmitAsync() is not { } caller)
        {
            return;
        }

        using var body = await exchange.ReadAsync(caller);
        if (body is null || await exchange.UnderstandAsync(body.Bytes, Read) is not { } call)
        {
            return;
        }

        var count = TokenEstimate.Of(call.Think).Likely;
        await exchange.WriteAsync((isGemini, count), static (json, counted) =>
        {
            json.WriteStartObject();
            json.WriteNumber(counted.isGemini ? "totalTokens" : "input_tokens", counted.count);
            json.WriteEndObject();
        });

        WireCall Read(Field root)
        {
            if (!isGemini)
            {
                return MessagesRequest.ReadCounted(root);
            }

            // Either the contents alone, or a whole request.
            var whole = root["generateContentRequest", "generate_content_request"];
            return GenerateRequest.Read(whole.IsThere ? whole : root, "", streams: false);
        }
    }
}
