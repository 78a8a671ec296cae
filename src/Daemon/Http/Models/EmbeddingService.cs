using Analemma.Abi;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Daemon.Http.Models.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>Says of embeddings, where the APIs have them, that no provider of a kernel makes any.</summary>
internal sealed class EmbeddingService(AnswerStamps stamps) : IHttpService
{
    private const string OpenAiPath = "/v1/embeddings";

    private static readonly ChatApi OpenAi = new();
    private static readonly GenerateApi Gemini = new(GenerateFraming.Whole);

    private static readonly SysError Refusal = new(
        SysErrorCode.NotConfigured,
        "no provider of this kernel makes embeddings",
        "ask for text, or embed in the agent");

    public bool Takes(HttpRequest request) => request.Path == OpenAiPath || IsGemini(request);

    public async Task ServeAsync(HttpContext http)
    {
        ModelExchange exchange = new(http, IsGemini(http.Request) ? Gemini : OpenAi, stamps.Next());
        if (await exchange.AdmitAsync() is not null)
        {
            await exchange.RefuseAsync(Refusal, StatusCodes.Status501NotImplemented);
        }
    }

    private static bool IsGemini(HttpRequest request) => request.Path.Value is { } path
        && path.StartsWith("/v1", StringComparison.Ordinal)
        && (path.EndsWith(":embedContent", StringComparison.Ordinal)
            || path.EndsWith(":batchEmbedContents", StringComparison.Ordinal));
}
