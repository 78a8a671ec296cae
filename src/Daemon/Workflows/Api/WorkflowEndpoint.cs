using System.Globalization;
using Analemma.Abi;
using Analemma.Daemon.Http;
using Analemma.Daemon.Sockets;
using Analemma.Linux;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// The listening socket on the host's loopback address for AWS clients of workflows. With an access key configured, a
/// request must be signed with it; else any program on the host can ask. Listens when it is first asked to.
/// </summary>
internal sealed class WorkflowEndpoint(
    HttpServer server, AcceptorOptions options, ByteBudget budget, WorkflowOptions workflows, TimeProvider time)
    : HttpOrigin(server, HttpLimits.ConnectionsOfHostMax), IDisposable
{
    private const int Backlog = 512;

    private static readonly SysError NotForThis = SysError.PermissionDenied(
        "only workflows are served here", "`analemma endpoint` says where models are");

    private readonly Lock _gate = new();
    private Acceptor? _acceptor;
    private string? _url;

    public ByteBudget Budget => budget;

    /// <summary>Where it listens; null when it does not.</summary>
    public string? Url => Volatile.Read(ref _url);

    /// <summary>Listens from now on, if it does not yet, and says where.</summary>
    /// <exception cref="LinuxException">The port is taken.</exception>
    public string Open()
    {
        lock (_gate)
        {
            if (_url is null)
            {
                var socket = TcpListenSocket.OnHost(workflows.Port, Backlog);
                var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{socket.Port}");
                _acceptor = new Acceptor(options, [socket], url, Take);
                Volatile.Write(ref _url, url);
            }

            return _url;
        }
    }

    /// <summary>Why a request is not even read; null when it is.</summary>
    public static ApiAnswer? ProblemOfHeaders(HttpRequest request) =>
        // A browser's page must not be able to ask, whatever name it reaches this address by: one that another site
        // gave this address (DNS rebinding), or none, by a form or an image.
        !IsOurName(request.Host.Host)
            ? ApiAnswer.Refused(
                "AccessDeniedException",
                $"the host '{request.Host.Host}' is not one of this address: 127.0.0.1, localhost")
        : request.Headers.ContainsKey("Origin") || request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "none")
            ? ApiAnswer.Refused("AccessDeniedException", "pages of browsers are not served")
        : null;

    /// <summary>Why a request that was read is not taken; null when it is.</summary>
    public ApiAnswer? Problem(HttpRequest request, ReadOnlySpan<byte> body) =>
        workflows.Credentials is { } key ? SignatureCheck.Problem(request, body, key, time.GetUtcNow()) : null;

    private static bool IsOurName(string host) =>
        host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    public override HttpCaller? CallerOf(HttpRequest request, out SysError? refusal)
    {
        refusal = NotForThis;
        return null;
    }

    public void Dispose() => _acceptor?.Dispose();
}
