using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>Who makes a request, and whose memory it takes.</summary>
/// <param name="Identity">What the kernel takes the caller for.</param>
/// <param name="Budget">The bytes that are kept for it, whatever it speaks through.</param>
internal sealed record HttpCaller(AgentIdentity Identity, ByteBudget Budget);

/// <summary>
/// Where a connection came from: one sandbox's network, or the host's. A feature of every connection and request.
/// </summary>
internal abstract class HttpOrigin
{
    /// <summary>The origin of the connection that a request came on.</summary>
    public static HttpOrigin Of(HttpContext http) => http.Features.Get<HttpOrigin>()!;

    /// <summary>Who makes this request; null, and the refusal, when that is nobody.</summary>
    public abstract HttpCaller? CallerOf(HttpRequest request, out SysError? refusal);

    /// <summary>One of its connections has ended.</summary>
    public abstract void Left();

    private protected static bool TryCount(ref int count, int most)
    {
        if (Interlocked.Increment(ref count) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref count);
        return false;
    }
}
