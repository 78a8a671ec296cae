using System.ClientModel;
using System.Diagnostics;
using System.Net;
using System.Text;
using Analemma.Models;
using Analemma.Models.Http.Plain;

namespace Analemma.Unit.Tests.Models;

/// <summary>HTTP under the package, with servers that need not be friendly.</summary>
public sealed class PlainHttpTests : IDisposable
{
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";

    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);

    private readonly List<ScriptedStream> _opened = [];
    private readonly PlainConnections _connections;

    public PlainHttpTests() => _connections = new PlainConnections(
        (_, _) =>
        {
            _opened.Add(new ScriptedStream());
            return new ValueTask<Stream>(_opened[^1]);
        },
        new DnsEndPoint("server", 80),
        Most,
        TimeProvider.System);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>What a server says, its status, its body, and whether the connection is used again.</summary>
    public static TheoryData<string, int, string, bool> Answers => new()
    {
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true },
        { "HTTP/1.1 200\r\ncontent-length:5\t\r\nX: é\r\n\r\nhello", 200, "hello", true },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200, "hello", false },
        { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi", 201, "hi", true },
        { "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true },
        { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500, "", true },
        { $"{Chunked}\r\n2;a=b\r\nhe\r\n03 \r\nllo\r\n0\r\n\r\n", 200, "hello", true },
        { $"{Chunked}\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n", 200, "0123456789", true },
        { $"{Chunked}Content-Length: 9\r\n\r\n1\r\nh\r\n0\r\n\r\n", 200, "h", false },
        { "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", false },
    };

    public static TheoryData<string, string> Wrong => new()
    {
        { "", "Unreachable" },
        { "HTTP/1.1 200 OK\r\nContent-Le", "Unreachable" },
        { "SSH-2.0-OpenSSH\r\n", "MalformedAnswer" },
        { "HTTP/2.0 200 OK\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 2x0 OK\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 2000 OK\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\nhello", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "MalformedAnswer" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "MalformedAnswer" },
        { $"{Chunked}\r\nxyz\r\n", "MalformedAnswer" },
        { $"{Chunked}\r\n-1\r\n", "MalformedAnswer" },
        { $"{Chunked}\r\nFFFFFFFFFFFFFFFF\r\n", "MalformedAnswer" },
        { $"{Chunked}\r\n1\r\nhe\r\n0\r\n\r\n", "MalformedAnswer" },
        { $"{Chunked}\r\n1\r\nh\r\n", "CutStream" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "CutStream" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_is_the_same_however_it_is_split(string said, int status, string body, bool isKept)
    {
        var bytes = Encoding.Latin1.GetBytes(said);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            await CheckAsync(new ScriptedStream().Say(bytes.AsSpan(0, cut)).Say(bytes.AsSpan(cut)));
        }

        ScriptedStream slow = new();
        Array.ForEach(bytes, each => slow.Say([each]));
        await CheckAsync(slow);

        async Task CheckAsync(ScriptedStream server)
        {
            var hasEnd = said.EndsWith("OK\r\n\r\nhello", StringComparison.Ordinal);
            var rests = false;
            PlainConnection connection = new(
                hasEnd ? server.HangUp() : server, TimeProvider.System, _ => rests = true);
            var (head, found) = await AnswerAsync(connection);
            Assert.Equal((status, body), (head.Status, found));
            Assert.Equal((isKept, !isKept), (rests, server.IsDisposed));
            connection.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_is_no_answer_is_refused_and_its_connection_not_used_again(string said, string reason)
    {
        var rests = false;
        using PlainConnection connection = new(
            new ScriptedStream().Say(said).HangUp(), TimeProvider.System, _ => rests = true);
        var fault = await Assert.ThrowsAsync<ProviderFault>(() => AnswerAsync(connection));
        Assert.Equal((reason, false), (fault.Reason.ToString(), rests));
    }

    [Fact]
    public async Task Headers_without_an_end_are_not_kept_for_ever()
    {
        ScriptedStream server = new();
        server.Say("HTTP/1.1 200 OK\r\n");
        for (var i = 0; i < 100; i++)
        {
            server.Say($"X: {new string('a', 1_000)}\r\n");
        }

        using PlainConnection connection = new(server, TimeProvider.System, _ => { });
        var fault = await Assert.ThrowsAsync<ProviderFault>(() => AnswerAsync(connection));
        Assert.Equal(ModelCallReason.MalformedAnswer, fault.Reason);
    }

    [Fact]
    public async Task What_is_longer_than_it_said_is_no_answer_to_anybody_else()
    {
        ScriptedStream server = new();
        using PlainConnection connection = new(
            server.Say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"),
            TimeProvider.System,
            _ => Assert.Fail("it is used again"));
        Assert.Equal("he", (await AnswerAsync(connection)).Body);
        Assert.True(server.IsDisposed);
    }

    [Fact]
    public async Task Who_gives_a_call_up_ends_its_connection()
    {
        ScriptedStream server = new();
        using CancellationTokenSource caller = new();
        using PlainConnection connection = new(server, TimeProvider.System, _ => Assert.Fail("it is used again"));
        connection.Heed(caller.Token);
        var asking = connection.ReadHeadAsync(Most).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => asking);
        Assert.True(server.IsDisposed);
    }

    [Fact]
    public async Task A_connection_is_used_again_until_its_server_ends_it()
    {
        await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
        Assert.Single(_opened);

        _opened[0].HangUp();
        Assert.Equal(2, await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc"));
        Assert.True(_opened[0].IsDisposed);

        // What nobody asked for is no answer to the next.
        _opened[1].Say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(3, await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nd"));
    }

    [Theory]
    [InlineData("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", 14, true)]
    [InlineData("e\r\ndata: [DONE]\n\n\r\n1\r\nx\r\n0\r\n\r\n", 14, false)]
    [InlineData("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", 4, false)]
    [InlineData("e\r\ndata: {    }\n\n\r\n0\r\n\r\n", 14, false)]
    public async Task A_stream_that_is_left_at_its_end_leaves_its_connection(string chunks, int read, bool isKept)
    {
        TaskCompletionSource rests = new();
        ScriptedStream server = new();
        server.Say($"{Chunked}\r\n{chunks}");
        PlainConnection connection = new(server, TimeProvider.System, _ => rests.SetResult());
        var head = await connection.ReadHeadAsync(Most);
        await using (PlainBody body = new(connection, head, new ModelTimeouts()))
        {
            Assert.Equal(read, await body.ReadAtLeastAsync(new byte[read], read, cancellationToken: Cancelled));
        }

        Assert.Equal((isKept, !isKept), (rests.Task.IsCompleted, server.IsDisposed));
        connection.Dispose();
    }

    [Fact]
    public async Task A_request_is_one_piece_and_only_its_owner_says_who_asks()
    {
        using PlainRequest request = new()
        {
            Method = "POST",
            Uri = new Uri("http://127.0.0.1:81/v1/chat?a=b"),
            Content = BinaryContent.Create(BinaryData.FromString("{}")),
        };
        request.Headers.Set("Accept", "application/json");
        request.Headers.Set("authorization", "Bearer none");
        request.Headers.Set("Host", "elsewhere");
        using RequestBytes bytes = new();
        await bytes.WriteAsync(request, "Authorization", "Bearer key", Cancelled);
        Assert.Equal(
            "POST /v1/chat?a=b HTTP/1.1\r\nHost: 127.0.0.1:81\r\nAccept: application/json\r\n"
            + "Authorization: Bearer key\r\nContent-Length: 2\r\n\r\n{}",
            Encoding.Latin1.GetString(bytes.Bytes.Span));

        request.Headers.Set("X", "a\r\nb");
        using RequestBytes more = new();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => more.WriteAsync(request, "Authorization", null, Cancelled).AsTask());
    }

    [Fact]
    public void A_request_says_which_trace_it_is_of()
    {
        using PlainRequest request = new();
        PlainTransport.Trace(request);
        Assert.Empty(request.Lines);

        using var activity = new Activity("call").Start();
        PlainTransport.Trace(request);
        Assert.Contains(new("traceparent", activity.Id!), request.Lines);
    }

    public void Dispose() => _connections.Dispose();

    private static async Task<(ResponseHead Head, string Body)> AnswerAsync(PlainConnection connection)
    {
        connection.Heed(Cancelled);
        var head = await connection.ReadHeadAsync(Most);
        await using PlainBody body = new(connection, head, new ModelTimeouts());
        return (head, Encoding.Latin1.GetString(await body.ReadAllAsync(int.MaxValue, Cancelled)));
    }

    /// <summary>How many connections were made until then.</summary>
    private async Task<int> AskAsync(string answer)
    {
        var connection = await _connections.TakeAsync(Cancelled);
        _opened[^1].Say(answer);
        await AnswerAsync(connection);
        return _opened.Count;
    }
}
