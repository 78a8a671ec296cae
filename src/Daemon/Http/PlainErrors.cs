using Analemma.Abi;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>A refusal in the kernel's own words, where a path belongs to no API that has words of its own.</summary>
internal static class PlainErrors
{
    public static async Task WriteAsync(HttpContext http, int status, SysError error)
    {
        var body = SyscallJson.Write(error);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (HttpStatus.RetryAfter(error) is { } wait)
        {
            http.Response.Headers.RetryAfter = wait;
        }

        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
