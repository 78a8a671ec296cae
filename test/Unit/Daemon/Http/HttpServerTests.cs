using System.Globalization;
using System.Net.Sockets;
using System.Security.Claims;
using System.Security.Principal;
using System.Text;
using Analemma.Abi;
using Analemma.Daemon.Http;
using Analemma.Daemon.Http.Transport;
using Analemma.Linux;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Http;

/// <summary>Requests are served where they are found, or on a thread that may be held.</summary>
public sealed class HttpServerTests : IAsyncDisposable
{
    private readonly Lazy<SocketPoller> _poller = new(() => new SocketPoller(_ => { }));
    private readonly TcpListenSocket _listener = TcpListenSocket.OnHost(0, 8);
    private readonly HttpClient _client;
    private readonly Leaves _leaves = new();
    private readonly HttpServer _server;
    private readonly Origin _origin;

    public HttpServerTests()
    {
        _server = new HttpServer(
            [new Says("/inline", runsInline: true), new Says("/held", runsInline: false), _leaves],
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

    /// <summary>A connection has one context, for a request after the other.</summary>
    [Fact]
    public async Task A_request_finds_nothing_of_the_one_before()
    {
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("nothing", await AskAsync("/leaves"));
        }

        Assert.Equal(3, _leaves.Seen.Count);
        Assert.Single(_leaves.Seen.Distinct());
    }

    [Fact]
    public void Who_keeps_a_context_beyond_its_request_has_nothing_of_it()
    {
        HttpRequests requests = new([], NullLogger.Instance);
        Features connection = new();
        connection.Set<IHttpRequestFeature>(new HttpRequestFeature { Path = "/first" });
        connection.Set<IHttpResponseFeature>(new HttpResponseFeature());
        var first = requests.CreateContext(connection);
        Assert.Equal("/first", first.Request.Path);

        requests.DisposeContext(first, null);
        Assert.Throws<ObjectDisposedException>(() => first.Request.Path);
        Assert.Throws<ObjectDisposedException>(() => first.Response.StatusCode);
        Assert.Throws<ObjectDisposedException>(() => first.Items);

        connection.Set<IHttpRequestFeature>(new HttpRequestFeature { Path = "/second" });
        var second = requests.CreateContext(connection);
        Assert.Same(first, second);
        Assert.Equal("/second", second.Request.Path);
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

    /// <summary>What a connection has, as Kestrel keeps a context with it.</summary>
    private sealed class Features : FeatureCollection, IHostContextContainer<HttpContext>
    {
        public HttpContext? HostContext { get; set; }
    }

    /// <summary>Says what it finds of the request before, and leaves all that a request can.</summary>
    private sealed class Leaves : IHttpService
    {
        private sealed record Mark;

        public List<HttpContext> Seen { get; } = [];

        public bool RunsInline => true;

        public bool Takes(HttpRequest request) => request.Path == "/leaves";

        public async Task ServeAsync(HttpContext http)
        {
            Seen.Add(http);
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            var found = string.Join(", ", Found(http));
            http.Items["left"] = true;
            http.User = new ClaimsPrincipal(new GenericIdentity("left"));
            http.TraceIdentifier = "left";
            http.Features.Set(new Mark());
            http.Request.Headers["X-Left"] = "left";
            http.Request.RouteValues["left"] = true;
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            http.Response.Headers["X-Left"] = "left";
            await http.Response.Body.WriteAsync(
                Encoding.ASCII.GetBytes(found.Length > 0 ? found : "nothing"), http.RequestAborted);
        }

        private static IEnumerable<string> Found(HttpContext http) =>
            new (string What, bool IsLeft)[]
            {
                ("items", http.Items.Count > 0),
                ("user", http.User.Identity?.Name is not null),
                ("trace identifier", http.TraceIdentifier == "left"),
                ("features", http.Features.Get<Mark>() is not null),
                ("request headers", http.Request.Headers.ContainsKey("X-Left")),
                ("route values", http.Request.RouteValues.Count > 0),
                ("status", http.Response.StatusCode != StatusCodes.Status200OK),
                ("response headers", http.Response.Headers.ContainsKey("X-Left")),
            }.Where(each => each.IsLeft).Select(each => each.What);
    }
}
