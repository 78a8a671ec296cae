using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon;
using Analemma.Daemon.Runners.Thinking;
using Analemma.Daemon.Sockets;
using Analemma.Integration.Tests.Sockets;
using Analemma.Kernel.Events;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>A streamed answer goes no faster than its caller reads, and waits only so long.</summary>
public sealed class AnswerStreamTests
{
    private readonly ManualClock _clock = new();
    private readonly SlowCall _call = new();

    [Fact]
    public async Task A_character_that_is_cut_in_two_arrives_whole()
    {
        var stream = new AnswerStream(_call, _clock);
        _call.Room.SetResult(true);
        await stream.SendAsync("a\ud83c", Token);
        await stream.SendAsync("\udf0a", Token);
        Assert.Equal("a🌊", System.Text.Encoding.UTF8.GetString([.. _call.Sent]));
        Assert.True(stream.HasSent);
    }

    [Fact]
    public async Task A_piece_waits_for_its_reader()
    {
        var sending = new AnswerStream(_call, _clock).SendAsync("piece", Token).AsTask();
        _clock.Advance(DaemonLimits.UnreadAnswerMax / 2);
        Assert.False(sending.IsCompleted);
        _call.Room.SetResult(true);
        await sending;
    }

    [Fact]
    public async Task A_reader_who_takes_nothing_loses_the_answer()
    {
        var sending = new AnswerStream(_call, _clock).SendAsync("piece", Token).AsTask();
        _clock.Advance(DaemonLimits.UnreadAnswerMax);
        var left = await Assert.ThrowsAsync<AnswerLeftException>(() => sending);
        Assert.Equal(ModelFailureKind.Cancelled, left.Kind);
        Assert.True(_call.WasGivenUp);
    }

    [Fact]
    public async Task A_reader_who_has_gone_loses_the_answer()
    {
        _call.Room.SetResult(false);
        await Assert.ThrowsAsync<AnswerLeftException>(
            () => new AnswerStream(_call, _clock).SendAsync("piece", Token).AsTask());
    }

    /// <summary>Takes a piece when the test lets it.</summary>
    private sealed class SlowCall() : SyscallCall(1, default, new Think())
    {
        public TaskCompletionSource<bool> Room { get; } = new();

        public List<byte> Sent { get; } = [];

        public bool WasGivenUp { get; private set; }

        public override bool IsOver => false;

        public override void Reply(Reply reply)
        {
        }

        public override void Fail(SysError error)
        {
        }

        public override async ValueTask<bool> SendRawAsync(
            ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            using var given = cancellationToken.Register(() => WasGivenUp = true);
            var taken = await Room.Task;
            Sent.AddRange(bytes.Span);
            return taken;
        }

        public override bool TrySendEvent(EventView piece) => false;
    }
}
