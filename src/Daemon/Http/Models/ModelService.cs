using Analemma.Abi.Syscalls;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>
/// Serves the APIs of model providers. A request becomes the THINK of whoever made it, with all that the kernel does
/// for one: queue, budgets, retries, journal; and is taken back when the client hangs up.
/// </summary>
internal sealed class ModelService(HttpSyscalls syscalls, AnswerStamps stamps) : IHttpService
{
    private readonly CallSignatures _signatures = new();

    public bool RunsInline => true;

    public bool Takes(HttpRequest request) => ModelRoutes.Find(request) is not null;

    public async Task ServeAsync(HttpContext http)
    {
        var (api, target) = ModelRoutes.Find(http.Request)!.Value;
        ModelExchange exchange = new(http, api, stamps.Next());
        if (await exchange.AdmitAsync() is not { } caller)
        {
            return;
        }

        // Kept until the answer: what was sent is what the caller has in flight.
        using var body = await exchange.ReadAsync(caller);
        if (body is null || await exchange.UnderstandAsync(body.Bytes, root => api.Read(root, target)) is not { } call)
        {
            return;
        }

        var process = caller.Identity.Process;
        using var syscall = syscalls.BeginInline(caller, _signatures.Restore(process, call.Think), http.RequestAborted);
        await (call.Streams
            ? exchange.StreamAsync(call, syscall.Call, stamps.Time)
            : exchange.AnswerAsync(call, await syscall.Call.End));
        if (syscall.Call.End is { IsCompletedSuccessfully: true, Result.Value: ThinkReply reply })
        {
            _signatures.Keep(process, reply);
        }
    }
}
