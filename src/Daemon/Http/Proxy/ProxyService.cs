using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Network;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Analemma.Daemon.Http.Proxy;

/// <summary>
/// A forward proxy for programs that have never heard of the kernel: requests with an absolute URL (RFC 9112 section
/// 3.2.2), each held against the rules of the agent in whose sandbox it was made.
/// </summary>
internal sealed class ProxyService(RelayCalls calls) : IHttpService
{
    public bool Takes(HttpRequest request) => Target(request) is { } target
        ? !IsOwn(target)
        : HttpMethods.IsConnect(request.Method);

    public async Task ServeAsync(HttpContext http)
    {
        if (Problem(http) is { } problem)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(problem.Code), problem);
            return;
        }

        var caller = HttpOrigin.Of(http).CallerOf(http.Request, out var nobody);
        if (caller is null)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(nobody!.Code), nobody);
            return;
        }

        // How much may come is the rule's to say.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }

        Relay relay = new()
        {
            Target = Target(http.Request)!,
            Method = http.Request.Method,
            BodyBytes = http.Request.ContentLength,
        };
        Peer peer = new(caller.Identity.Process, 0, 0);
        RequestCall call = new(calls.NextId(), peer, relay, (call, most) => new RequestCarrier(http, call, most));
        var refused = await calls.RunAsync(call, http.RequestAborted);
        await call.Left;
        if (refused is null)
        {
            return;
        }

        if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            http.Abort();
            return;
        }

        http.Response.Headers.Clear();
        await PlainErrors.WriteAsync(http, HttpStatus.Of(refused.Code), refused);
    }

    private static string? Target(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is { } target
        && (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) ? target : null;

    /// <summary>A program that asks the proxy for what the kernel itself serves means just that.</summary>
    private static bool IsOwn(string target) => HttpUrl.Parse(target, out _) is { Scheme: "http", Port: 80 } url
        && (url.Host.Text is "localhost" || (url.Host.Address is { } address
            && AddressClasses.Of(address).Class is AddressClass.Loopback));

    private static SysError? Problem(HttpContext http)
    {
        if (HttpOrigin.Of(http) is not AgentEndpoint)
        {
            return SysError.PermissionDenied(
                "the proxy is for agents in their sandboxes", "a program on the host has the host's network");
        }

        if (HttpMethods.IsConnect(http.Request.Method))
        {
            return SysError.InvalidArgument("a tunnel is asked for at the beginning of a connection");
        }

        // RFC 9112 section 6.3: whoever says both may mean that two readers see two requests. Kestrel keeps the
        // length that it does not use under this name.
        var headers = http.Request.Headers;
        return headers.TransferEncoding.Count > 0
            && (headers.ContentLength is not null || headers.ContainsKey("X-Content-Length"))
                ? SysError.InvalidArgument("Content-Length and Transfer-Encoding exclude each other") : null;
    }
}
