using System.IO.Pipelines;
using System.Text;
using Analemma.Daemon.Http;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Unit.Tests.Daemon.Http;

/// <summary>Whose a connection is, by its first bytes, however they come.</summary>
public sealed class ConnectionGateTests
{
    private readonly Pipe _input = new();
    private string? _seen;

    [Theory]
    [InlineData("CONNECT a:443 HTTP/1.1\r\n\r\n", "connect: CONNECT a:443 HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "http: GET / HTTP/1.1\r\n\r\n")]
    [InlineData("CONN", "http: CONN")]
    [InlineData("", "http: ")]
    public async Task It_goes_to_whom_its_start_is_for_with_nothing_read(string sent, string seen)
    {
        foreach (var one in Encoding.ASCII.GetBytes(sent))
        {
            await _input.Writer.WriteAsync(new[] { one }, TestContext.Current.CancellationToken);
        }

        await _input.Writer.CompleteAsync();
        await ServeAsync();
        Assert.Equal(seen, _seen);
    }

    [Fact]
    public async Task Nobody_is_asked_for_longer_than_it_takes_to_tell()
    {
        await _input.Writer.WriteAsync("GE"u8.ToArray(), TestContext.Current.CancellationToken);
        // Two bytes tell; the connection stays open and says no more until it is served.
        var served = ConnectionGate.ServeAsync(Connection(), [new Connects(this)], connection =>
        {
            _seen = "http";
            return Task.CompletedTask;
        });
        await served;
        Assert.Equal("http", _seen);
    }

    private Task ServeAsync() => ConnectionGate.ServeAsync(
        Connection(), [new Connects(this)], connection => SeeAsync("http", connection));

    private DefaultConnectionContext Connection() => new() { Transport = new Ends(_input.Reader) };

    private async Task SeeAsync(string by, ConnectionContext connection)
    {
        var read = await connection.Transport.Input.ReadAsync(TestContext.Current.CancellationToken);
        _seen = $"{by}: {Encoding.ASCII.GetString(read.Buffer)}";
    }

    private sealed class Ends(PipeReader input) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output { get; } = new Pipe().Writer;
    }

    private sealed class Connects(ConnectionGateTests test) : IConnectionService
    {
        public int StartBytesMax => 8;

        public bool? Takes(ReadOnlySpan<byte> start)
        {
            var word = "CONNECT "u8;
            return start.Length >= word.Length
                ? start.SequenceEqual(word)
                : word.StartsWith(start) ? null : false;
        }

        public Task ServeAsync(ConnectionContext connection) => test.SeeAsync("connect", connection);
    }
}
