using System.Threading.Channels;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Http;

/// <summary>A syscall that an HTTP request stands for, while it waits for its answer.</summary>
internal sealed class HttpCall(long id, Peer peer, Syscall syscall) : SyscallCall(id, peer, syscall)
{
    private const int PiecesMax = 32;

    // Whoever reads writes to the client at once, on the thread that brings the piece: the next one comes no sooner.
    private readonly Channel<ReadOnlyMemory<byte>> _pieces = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(PiecesMax) { SingleReader = true, AllowSynchronousContinuations = true });

    // The kernel's thread brings the end, and must not be held.
    private readonly TaskCompletionSource<SysResult<Reply>> _end =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The answer, or the refusal. Never faults.</summary>
    public Task<SysResult<Reply>> End => _end.Task;

    /// <summary>What is streamed before the end; completes with it.</summary>
    public ChannelReader<ReadOnlyMemory<byte>> Pieces => _pieces.Reader;

    /// <summary>Is told of its end.</summary>
    public ISyscallWatch? Watch { get; init; }

    public override bool IsOver => _end.Task.IsCompleted;

    public override void Reply(Reply reply) => Finish(reply);

    public override void Fail(SysError error) => Finish(error);

    public override async ValueTask<bool> SendRawAsync(
        ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _pieces.Writer.WriteAsync(bytes.ToArray(), cancellationToken);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    public override bool TrySendEvent(EventView piece) => false;

    /// <summary>True for the one who ends it.</summary>
    public bool Finish(SysResult<Reply> end)
    {
        if (!_end.TrySetResult(end))
        {
            return false;
        }

        Watch?.Ended(this, end.Error?.Code ?? SysErrorCode.Ok);
        // Not on the kernel's thread, which brings the end: whoever reads goes on in there.
        ThreadPool.UnsafeQueueUserWorkItem(static pieces => pieces.TryComplete(), _pieces.Writer, preferLocal: false);
        return true;
    }
}
