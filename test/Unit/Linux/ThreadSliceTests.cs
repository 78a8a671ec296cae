using Analemma.Daemon.Sockets;
using Analemma.Linux;

namespace Analemma.Unit.Tests.Linux;

public sealed class ThreadSliceTests
{
    private static readonly Version Heeded = new(6, 12);

    [Fact]
    public void A_thread_gets_the_slice_that_it_asks_for_and_hands_it_on_to_nobody()
    {
        TimeSpan? before = null, asked = null, startedByIt = null, after = null;
        bool isSet = false, isReset = false;
        Thread thread = new(() =>
        {
            before = ThreadSlice.Read();
            isSet = ThreadSlice.TrySet(ThreadSlice.Shortest);
            asked = ThreadSlice.Read();
            Thread other = new(() => startedByIt = ThreadSlice.Read());
            other.Start();
            other.Join();
            isReset = ThreadSlice.TrySet(TimeSpan.Zero);
            after = ThreadSlice.Read();
        });
        thread.Start();
        thread.Join();

        Assert.True(isSet && isReset);
        Assert.Equal((before, before), (startedByIt, after));
        if (Environment.OSVersion.Version >= Heeded)
        {
            Assert.Equal(ThreadSlice.Shortest, asked);
            Assert.True(before > asked);
        }
    }

    [Fact]
    public async Task The_thread_that_all_wait_for_has_the_shortest_slice()
    {
        Assert.SkipUnless(Environment.OSVersion.Version >= Heeded, "Linux before 6.12 knows no slices");
        using Reactor reactor = new("slice", 1024, 1024, static _ => { });
        TaskCompletionSource<TimeSpan?> read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        reactor.Start();
        reactor.Post(() => read.SetResult(ThreadSlice.Read()));

        Assert.Equal(ThreadSlice.Shortest, await read.Task);
    }
}
