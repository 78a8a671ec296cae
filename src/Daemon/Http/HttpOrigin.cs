using System.Net.Sockets;
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
internal abstract class HttpOrigin(HttpServer server, int connectionsMax)
{
    private static readonly byte[] TooMany = System.Text.Encoding.ASCII.GetBytes(
        "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n"
        + "too many connections");

    private int _connections;

    /// <summary>The origin of the connection that a request came on.</summary>
    public static HttpOrigin Of(HttpContext http) => http.Features.Get<HttpOrigin>()!;

    /// <summary>Who makes this request; null, and the refusal, when that is nobody.</summary>
    public abstract HttpCaller? CallerOf(HttpRequest request, out SysError? refusal);

    /// <summary>One of its connections has ended.</summary>
    public void Left() => Interlocked.Decrement(ref _connections);

    /// <summary>A connection came from there: it is served, or there are too many and it is told so.</summary>
    protected void Take(SafeSocketHandle accepted)
    {
        if (Interlocked.Increment(ref _connections) <= connectionsMax)
        {
            server.Enter(accepted, this);
            return;
        }

        Left();
        Refuse(accepted);
    }

    // It has just been accepted, so that so little fits into its buffer.
    private static void Refuse(SafeSocketHandle accepted)
    {
        try
        {
            using Socket socket = new(accepted);
            socket.Send(TooMany);
        }
        catch (SocketException)
        {
            // It has gone by itself.
            accepted.Dispose();
        }
    }
}
