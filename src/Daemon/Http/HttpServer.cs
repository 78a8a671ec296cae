using System.Net;
using System.Net.Sockets;
using Analemma.Daemon.Http.Transport;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Analemma.Daemon.Http;

// HTTP, FOR PROGRAMS THAT HAVE NEVER HEARD OF THE KERNEL
//
//   agent's loopback ─┐
//   agent's loopback ─┼─► accepted socket + HttpOrigin ─► one Kestrel ─► IConnectionService … ─► IHttpService …
//   host's loopback  ─┘   (who speaks there)
//
// Every sandbox has a listening socket in its own network namespace, made by AgentEndpoints and watched by one thread
// for all. Who speaks is known by which socket accepted the connection, and never by anything in the request; the
// host's socket, which anybody on the host can reach, asks for a token. Kestrel starts at the first connection.
//
// TO SERVE SOMETHING HERE
//
//   Requests (an API's paths; a proxy's requests with an absolute URI): implement IHttpService and add it where
//   KernelHost puts the server together. Services are asked in order, and the first that takes a request serves it.
//   The caller is HttpOrigin.CallerOf(request); a syscall of that caller goes through HttpSyscalls.
//
//   Connections (CONNECT, or what is not HTTP at all): implement IConnectionService. It sees the first bytes of each
//   connection before HTTP does, and may take the connection over for good.
/// <summary>Serves HTTP to agents and clients on connections that others have accepted.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly IReadOnlyList<IHttpService> _requests;
    private readonly IReadOnlyList<IConnectionService> _connections;
    private readonly Lazy<SocketPoller> _poller;
    private readonly ILogger _log;
    private readonly Lazy<Running> _running;

    /// <param name="requests">Serve requests, asked in this order.</param>
    /// <param name="connections">Take connections over before they are read as HTTP, asked in this order.</param>
    /// <param name="poller">Waits for all connections; it ends after the server.</param>
    /// <param name="log">Told of what must not happen.</param>
    public HttpServer(
        IReadOnlyList<IHttpService> requests,
        IReadOnlyList<IConnectionService> connections,
        Lazy<SocketPoller> poller,
        ILogger log)
    {
        (_requests, _connections, _poller, _log) = (requests, connections, poller, log);
        // Most kernels are idle for a while, and need none of it.
        _running = new Lazy<Running>(Start);
    }

    /// <summary>Serves a connection from now on, and closes it. Returns at once; any thread.</summary>
    public void Enter(SafeSocketHandle connection, HttpOrigin origin) =>
        _running.Value.Accepted.Add(connection, origin);

    public async ValueTask DisposeAsync()
    {
        if (_running.IsValueCreated)
        {
            var (accepted, starting) = _running.Value;
            accepted.Close();
            if (await Task.WhenAny(starting) is { IsCompletedSuccessfully: false })
            {
                return;
            }

            var kestrel = await starting;
            using CancellationTokenSource now = new();
            await now.CancelAsync();
            await kestrel.StopAsync(now.Token);
            kestrel.Dispose();
        }
    }

    private Running Start()
    {
        AcceptedConnections accepted = new(_poller);
        // On a thread of its own, because whoever accepts must not be held.
        var starting = Task.Run(() => StartAsync(accepted));
        _ = starting.ContinueWith(
            failed => Failed(accepted, failed.Exception!.GetBaseException()),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        return new Running(accepted, starting);
    }

    // Nobody is served then; but nobody is left waiting either.
    private void Failed(AcceptedConnections accepted, Exception why)
    {
        _log.HttpFault("no request", why.GetType().FullName!, why.StackTrace ?? "");
        accepted.Close();
    }

    private async Task<KestrelServer> StartAsync(AcceptedConnections accepted)
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = HttpLimits.BodyBytesMax;
        options.Limits.RequestHeadersTimeout = HttpLimits.HeadersTimeout;
        options.Limits.KeepAliveTimeout = HttpLimits.KeepAliveTimeout;
        options.Listen(accepted.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (_connections.Count > 0)
            {
                listen.Use(next => connection => ConnectionGate.ServeAsync(connection, _connections, next));
            }
        });
        KestrelServer server = new(Options.Create(options), accepted, NullLoggerFactory.Instance);
        await server.StartAsync(new HttpRequests(_requests, _log), CancellationToken.None);
        _log.HttpStarted();
        return server;
    }

    private sealed record Running(AcceptedConnections Accepted, Task<KestrelServer> Kestrel);
}

/// <summary>Bounds of what speaks HTTP.</summary>
internal static class HttpLimits
{
    /// <summary>A request's body, which is read whole: images come in it, in base64.</summary>
    public const int BodyBytesMax = 32 * 1024 * 1024;

    /// <summary>Connections of one agent at once.</summary>
    public const int ConnectionsPerAgentMax = 64;

    /// <summary>Connections of all programs on the host at once.</summary>
    public const int ConnectionsOfHostMax = 1024;

    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A streamed answer that has nothing to say yet says that it is alive.</summary>
    public static readonly TimeSpan StreamKeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>With no descriptor left, looking again at once would only spin.</summary>
    public static readonly TimeSpan AcceptBackoff = TimeSpan.FromMilliseconds(100);
}

/// <summary>The one address that Kestrel is bound to: it listens nowhere, and is given what others accepted.</summary>
internal sealed class AcceptedEndPoint : EndPoint
{
    public override string ToString() => "accepted";
}
