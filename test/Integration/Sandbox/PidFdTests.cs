using Analemma.Linux;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class PidFdTests
{
    /// <summary>A record on disk may name a pid that has since become the number of a thread.</summary>
    [Fact]
    public void The_number_of_a_thread_is_no_process()
    {
        var thread = Directory.EnumerateDirectories("/proc/self/task")
            .Select(path => int.Parse(Path.GetFileName(path), null))
            .First(number => number != Environment.ProcessId);

        Assert.Null(PidFd.TryOpen(thread));
        using var process = PidFd.TryOpen(Environment.ProcessId);
        Assert.NotNull(process);
    }

    /// <summary>Its number may be another process's by then.</summary>
    [Fact]
    public void One_that_is_closed_reaches_nobody()
    {
        var process = PidFd.TryOpen(Environment.ProcessId)!;
        Assert.True(process.TrySignal(0));
        process.Dispose();

        Assert.False(process.TrySignal(0));
        Assert.True(process.HasEnded);
        Assert.Null(process.TryTake(0, out var errno));
        Assert.Equal(Errno.ESRCH, errno);
        Assert.Equal(default(WaitStatus), process.TryReap());
    }
}
