using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;

namespace Analemma.Unit.Tests.Daemon;

public sealed class CallTableTests
{
    /// <summary>What a runner does at the end may take long, and go wrong; the client's thread is nobody's.</summary>
    [Fact]
    public async Task A_call_that_is_taken_back_ends_its_runner_on_another_thread()
    {
        CallTable calls = new();
        OpenCall call = new();
        calls.Add(call);
        TaskCompletionSource<bool> isInline = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = Environment.CurrentManagedThreadId;
        using ManualResetEventSlim returned = new();
        var watched = calls.Watch(call, CancellationToken.None);
        await using var registration = watched.Register(() =>
        {
            // The thread of the test is the pool's too: once it waits, it may be the one that runs this.
            isInline.SetResult(!returned.IsSet && Environment.CurrentManagedThreadId == thread);
            throw new InvalidOperationException("a runner that goes wrong");
        });

        Assert.True(calls.Cancel(call.Id));
        Assert.True(watched.IsCancellationRequested);
        returned.Set();

        Assert.False(await isInline.Task);
        Assert.Equal(0, calls.Count);
    }

    [Fact]
    public void A_call_in_its_first_turn_is_taken_out_once_or_kept()
    {
        CallTable calls = new();
        OpenCall call = new();
        calls.AddEntering(call);
        Assert.Same(call, calls.Remove(call.Id));
        Assert.Null(calls.Remove(call.Id));
        calls.SettleEntering();
        Assert.Equal(0, calls.Count);

        calls.AddEntering(call);
        Assert.Null(calls.Remove(call.Id + 1));
        calls.SettleEntering();
        calls.SettleEntering();
        Assert.Same(call, calls.Remove(call.Id));
        Assert.Null(calls.Remove(call.Id));
    }

    private sealed class OpenCall() : SyscallCall(1, new Peer(ProcessId.None, 0, 0), new Exec())
    {
        public override bool IsOver => false;

        public override void Reply(Reply reply)
        {
        }

        public override void Fail(SysError error)
        {
        }

        public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            ValueTask.FromResult(true);

        public override bool TrySendEvent(EventView piece) => true;
    }
}
