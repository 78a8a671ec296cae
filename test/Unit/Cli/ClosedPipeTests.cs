using System.Text;
using Analemma.Cli;

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

    private sealed class ClosedPipe : TextWriter
    {
        private const int Epipe = 32;

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("Broken pipe", Epipe);
    }
}
