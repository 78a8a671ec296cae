using System.Text;
using Analemma.Abi;
using Analemma.Cli;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

public sealed class ClosedPipeTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("chat", "--help")]
    [InlineData("--version")]
    public async Task Help_that_nobody_reads_to_its_end_ends_quietly(params string[] args)
    {
        using ClosedPipe output = new();
        using StringWriter error = new();
        Terminal terminal = new(output, error, Stream.Null, Stream.Null, interactive: false);

        Assert.Equal(ExitCodes.ReaderGone, await CommandLine.RunAsync(args, terminal));
        Assert.Empty(error.ToString());
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "no-such-command")]
    [InlineData(ExitCodes.KernelNotRunning, "ps", "--socket", "/nowhere/k.sock")]
    public async Task An_error_that_cannot_be_told_is_an_exit_code(int code, params string[] args)
    {
        using ClosedPipe error = new();
        using StringWriter output = new();
        Terminal terminal = new(output, error, Stream.Null, Stream.Null, interactive: false);

        Assert.Equal(code, await CommandLine.RunAsync(args, terminal));
    }

    [Fact]
    public async Task Who_follows_an_agent_and_reads_no_more_ends_it()
    {
        List<SyscallNumber> asked = [];
        await using var fake = new FakeKernel(request =>
        {
            asked.Add(request.Number);
            switch (request.Number)
            {
                case SyscallNumber.Spawn:
                    request.Reply("""{"id":1,"name":"x","pid":7,"status":"running"}""");
                    break;
                case SyscallNumber.Logs:
                    request.Piece([1, .. "out\n"u8]);
                    break;
                default:
                    request.Reply("""{"killed":true,"agent_id":1}""");
                    break;
            }
        });
        using StringWriter output = new();
        using StringWriter error = new();
        Terminal terminal = new(output, error, new ClosedStream(), Stream.Null, interactive: false);

        var code = await CommandLine.RunAsync(["--socket", fake.SocketPath, "spawn", "-f", "--", "yes"], terminal);

        Assert.Equal(ExitCodes.ReaderGone, code);
        Assert.Contains(SyscallNumber.Kill, asked);
    }

    private sealed class ClosedStream : MemoryStream
    {
        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe", Session.BrokenPipe);
    }

    private sealed class ClosedPipe : TextWriter
    {
        private const int Epipe = 32;

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("Broken pipe", Epipe);
    }
}
