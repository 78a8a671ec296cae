using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Http.Models;
using Analemma.Daemon.Http.Models.OpenAi;
using Analemma.Daemon.Sockets;
using Analemma.Integration.Tests.Sockets;
using Microsoft.AspNetCore.Http;

namespace Analemma.Integration.Tests.Http;

/// <summary>A stream that has nothing to say for long says that, and goes on when it has.</summary>
public sealed class StreamKeepAliveTests : IDisposable
{
    private static readonly ChatApi Api = new();

    private readonly ManualClock _clock = new();
    private readonly SharedStream _sent = new();
    private readonly DefaultHttpContext _http = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_sent_until_it_takes_long_and_then_a_sign_of_life_at_each_interval()
    {
        var (call, streaming) = Begin();
        Assert.Equal("", _sent.Text);
        await UntilSentAsync("\"role\":\"assistant\"");
        await UntilSentAsync(": waiting\n\n: waiting\n\n");

        await call.SendRawAsync("So."u8.ToArray(), Token);
        call.Reply(new ThinkReply("", "m", 3) { FinishReason = "stop" });
        await streaming;
        Assert.Contains("\"content\":\"So.\"", _sent.Text, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", _sent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_in_time_is_an_ordinary_refusal()
    {
        var (call, streaming) = Begin();
        call.Fail(new Abi.SysError(Abi.SysErrorCode.TryAgain, "later") { RetryAfterMs = 1500 });
        await streaming;
        Assert.Equal(429, _http.Response.StatusCode);
        Assert.Equal("2", _http.Response.Headers.RetryAfter);
        Assert.Equal("try_again", JsonElement.Parse(_sent.Text).GetProperty("error").GetProperty("code").GetString());
    }

    public void Dispose() => _sent.Dispose();

    private (HttpCall Call, Task Streaming) Begin()
    {
        _http.Response.Body = _sent;
        var json = """{"stream":true,"messages":[{"role":"user","content":"hi"}]}""";
        var wire = Api.Read(new Field(JsonElement.Parse(json), ""), "");
        HttpCall call = new(1, new Peer(default, 0, 0), wire.Think);
        return (call, new ModelExchange(_http, Api, new AnswerStamp("1", 7)).StreamAsync(wire, call, _clock));
    }

    private async Task UntilSentAsync(string text)
    {
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        while (!_sent.Text.Contains(text, StringComparison.Ordinal))
        {
            _clock.Advance(HttpLimits.StreamKeepAlive);
            await look.WaitForNextTickAsync(Token);
        }
    }

    /// <summary>What was written so far can be read while it is written.</summary>
    private sealed class SharedStream : MemoryStream
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return Encoding.UTF8.GetString(ToArray());
                }
            }
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            lock (_gate)
            {
                base.Write(buffer);
            }
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return default;
        }
    }
}
