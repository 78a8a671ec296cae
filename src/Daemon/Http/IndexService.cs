using System.Text;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>What a person sees who looks what is served here.</summary>
internal sealed class IndexService : IHttpService
{
    public bool RunsInline => true;

    public bool Takes(HttpRequest request) => request.Path == "/" && HttpMethods.IsGet(request.Method);

    public async Task ServeAsync(HttpContext http)
    {
        if (HttpOrigin.Of(http).CallerOf(http.Request, out var refusal) is not { } caller)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(refusal!.Code), refusal);
            return;
        }

        var text = $"The kernel serves process {caller.Identity.Process} ({caller.Identity.Name}) here.\n";
        var body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
