using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Analemma.Abi;
using Analemma.Daemon.Http;
using Analemma.Daemon.Http.Transport;
using Analemma.Linux;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Http;

/// <summary>Requests are served where they are found, or on a thread that may be held.</summary>
public sealed class HttpServerTests : IAsyncDisposable
{
    private readonly Lazy<SocketPoller> _poller = new(() => new SocketPoller(_ => { }));
    private readonly TcpListenSocket _listener = TcpListenSocket.OnHost(0, 8);
    private readonly HttpClient _client;
    private readonly HttpServer _server;
    private readonly Origin _origin;

    public HttpServerTests()
    {
        _server = new HttpServer(
            [new Says("/inline", runsInline: true), new Says("/held", runsInline: false)],
            [],
            _poller,
            NullLogger.Instance);
        _origin = new Origin(_server);
        _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync })
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_listener.Port}")),
        };
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_may_hold_his_thread_is_not_served_where_others_are_waited_for()
    {
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal("pool, new", await AskAsync("/held"));
        }

        // Where a request waits already it is served by who served the one before.
        while (await AskAsync("/inline") != "poll, new")
        {
            Cancelled.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _poller.Value.DisposeAsync();
        _listener.Dispose();
    }

    private async Task<string> AskAsync(string path)
    {
        using var answered = await _client.PostAsync(path, new ByteArrayContent(new byte[100_000]), Cancelled);
        return await answered.Content.ReadAsStringAsync(Cancelled);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext asked, CancellationToken cancelled)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(asked.DnsEndPoint, cancelled);
        SafeSocketHandle? accepted;
        while ((accepted = _listener.TryAccept(out _)) is null)
        {
            await Task.Yield();
        }

        _origin.Accept(accepted);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private sealed class Origin(HttpServer server) : HttpOrigin(server, 8)
    {
        public void Accept(SafeSocketHandle accepted) => Take(accepted);

        public override HttpCaller? CallerOf(HttpRequest request, out SysError? refusal)
        {
            refusal = new SysError(SysErrorCode.PermissionDenied, "nobody");
            return null;
        }
    }

    /// <summary>Says where it is served, and whether the request has anything of the one before.</summary>
    private sealed class Says(string path, bool runsInline) : IHttpService
    {
        public bool RunsInline => runsInline;

        public bool Takes(HttpRequest request) => request.Path == path;

        public async Task ServeAsync(HttpContext http)
        {
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            var where = Thread.CurrentThread.IsThreadPoolThread ? "pool" : "poll";
            var what = http.Items.TryAdd("seen", true) ? "new" : "old";
            await http.Response.Body.WriteAsync(Encoding.ASCII.GetBytes($"{where}, {what}"), http.RequestAborted);
        }
    }
}
