using System.Globalization;
using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Analemma.Linux;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>
/// The listening socket on the host's loopback address, which every program on the host can reach: who speaks is known
/// by a token, that only clients of the kernel's own socket get. Listens when it is first asked to.
/// </summary>
internal sealed class HostEndpoint(
    HttpServer server, AcceptorOptions options, ByteBudget budget, Func<EndpointTokens> openTokens, int port)
    : HttpOrigin(server, HttpLimits.ConnectionsOfHostMax), IDisposable
{
    private const int Backlog = 512;

    private static readonly SysError NoToken = SysError.PermissionDenied(
        "no token of this kernel was shown", "`analemma endpoint` prints one; send it as the API's key");

    private readonly Lock _gate = new();
    private EndpointTokens? _tokens;
    private Acceptor? _acceptor;
    private string? _url;

    /// <summary>Where it listens; null when it does not.</summary>
    public string? Url => Volatile.Read(ref _url);

    /// <summary>Listens from now on, if it does not yet, and says where.</summary>
    /// <exception cref="LinuxException">The port is taken.</exception>
    /// <exception cref="IOException">The key of its tokens cannot be used.</exception>
    public string Open()
    {
        lock (_gate)
        {
            if (_url is null)
            {
                _tokens ??= openTokens();
                var socket = TcpListenSocket.OnHost(port, Backlog);
                var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{socket.Port}");
                _acceptor = new Acceptor(options, [socket], url, Take);
                Volatile.Write(ref _url, url);
            }

            return _url;
        }
    }

    /// <summary>What a process shows there; 0 for clients on the host. Only while it listens.</summary>
    public string TokenOf(ProcessId process) => _tokens!.Of(process);

    public override HttpCaller? CallerOf(HttpRequest request, out SysError? refusal)
    {
        refusal = null;
        foreach (var token in Shown(request))
        {
            if (_tokens!.TryRead(token, out var process))
            {
                var identity = process == ProcessId.None ? AgentIdentity.Host : new AgentIdentity(process);
                return new HttpCaller(identity, budget);
            }
        }

        refusal = NoToken;
        return null;
    }

    public void Dispose() => _acceptor?.Dispose();

    // Where the clients of OpenAI, Anthropic and Google put their keys.
    private static IEnumerable<string> Shown(HttpRequest request)
    {
        const string Bearer = "Bearer ";
        if (request.Headers.Authorization.ToString() is var given
            && given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            yield return given[Bearer.Length..].Trim();
        }

        foreach (var header in (string[])["x-api-key", "x-goog-api-key"])
        {
            yield return request.Headers[header].ToString();
        }

        yield return request.Query["key"].ToString();
    }
}
