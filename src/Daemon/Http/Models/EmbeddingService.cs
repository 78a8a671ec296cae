using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Daemon.Http.Models.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>Makes the EMBED of a request for embeddings, as OpenAI's API and Gemini's write it.</summary>
internal sealed class EmbeddingService(HttpSyscalls syscalls, AnswerStamps stamps) : IHttpService
{
    private const string OpenAiPath = "/v1/embeddings";

    private static readonly ChatApi OpenAi = new();
    private static readonly GenerateApi Gemini = new(GenerateFraming.Whole);

    public bool RunsInline => true;

    public bool Takes(HttpRequest request) => request.Path == OpenAiPath || GeminiEmbeddings.Takes(request);

    public async Task ServeAsync(HttpContext http)
    {
        var isOpenAi = http.Request.Path == OpenAiPath;
        ModelExchange exchange = new(http, isOpenAi ? OpenAi : Gemini, stamps.Next());
        if (await exchange.AdmitAsync() is not { } caller)
        {
            return;
        }

        using var body = await exchange.ReadAsync(caller);
        if (body is null || await exchange.UnderstandAsync(body.Bytes, Read) is not { } call)
        {
            return;
        }

        using var syscall = syscalls.BeginInline(caller, call.Embed, http.RequestAborted);
        var end = await syscall.Call.End;
        if (end.Value is not EmbedReply reply)
        {
            await (http.RequestAborted.IsCancellationRequested ? Task.CompletedTask : exchange.RefuseAsync(end.Error!));
            return;
        }

        exchange.Tell(reply.Provider, reply.Usage, reply.QueuedMs, reply.Simulated);
        await exchange.WriteAsync((Call: call, Reply: reply), (json, made) => made.Call.Write(json, made.Reply));

        EmbeddingCall Read(Field root) =>
            isOpenAi ? OpenAiEmbeddings.Read(root) : GeminiEmbeddings.Read(root, http.Request);
    }
}
