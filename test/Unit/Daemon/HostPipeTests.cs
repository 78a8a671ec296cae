using Analemma.Daemon.Runners.Pipes;
using Analemma.Linux;

namespace Analemma.Unit.Tests.Daemon;

public sealed class HostPipeTests
{
    [Fact]
    public void A_pipe_that_is_over_is_not_made()
    {
        HostPipe pipe = new();
        pipe.Dispose();
        pipe.Open();

        Assert.Null(pipe.Reader.Read(new byte[1]));
        Assert.Null(pipe.Writer.Write(new byte[1]));
    }

    [Fact]
    public void An_end_that_was_closed_before_there_was_a_pipe_is_closed()
    {
        using HostPipe pipe = new();
        pipe.Writer.Dispose();
        Assert.Null(pipe.Reader.Read(new byte[1]));
        pipe.Open();
        Assert.Equal(0, pipe.Reader.Read(new byte[1]));

        using HostPipe other = new();
        other.Reader.Dispose();
        other.Open();
        Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => { other.Writer.Write(new byte[1]); }).Errno);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        using HostPipe pipe = new();
        pipe.Open();
        pipe.Open();
        Assert.Equal(-1, pipe.Reader.Read(new byte[1]));
        Assert.Equal(3, pipe.Writer.Write("abc"u8));
        Assert.Equal(3, pipe.Reader.Read(new byte[8]));
    }
}
