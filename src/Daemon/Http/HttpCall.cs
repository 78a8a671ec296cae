using System.Threading.Channels;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Http;

/// <summary>A syscall that an HTTP request stands for, while it waits for its answer.</summary>
internal sealed class HttpCall(long id, Peer peer, Syscall syscall)
    : SyscallCall(id, peer, syscall), IThreadPoolWorkItem
{
    private const int PiecesMax = 32;

    // Whoever reads writes to the client at once, on the thread that brings the piece: the next one comes no sooner.
    private readonly Channel<ReadOnlyMemory<byte>>? _pieces = syscall is Think { Stream: not true } or Embed
        ? null
        : Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(PiecesMax) { SingleReader = true, AllowSynchronousContinuations = true });

    // Set outside of the kernel, where whoever waits may go on.
    private readonly TaskCompletionSource<SysResult<Reply>> _end = new();
    private SysResult<Reply> _result;
    private int _isOver;

    /// <summary>The answer, or the refusal. Never faults.</summary>
    public Task<SysResult<Reply>> End => _end.Task;

    /// <summary>What is streamed before the end, and <see cref="Tick"/>; completes with it.</summary>
    public ChannelReader<ReadOnlyMemory<byte>> Pieces => _pieces!.Reader;

    /// <summary>Is told of its end.</summary>
    public ISyscallWatch? Watch { get; init; }

    /// <summary>
    /// Whoever waits for it holds no thread for long: it goes on where the kernel was when it ended, if possible.
    /// </summary>
    public bool GoesOnInline { get; init; }

    public override bool IsOver => Volatile.Read(ref _isOver) != 0;

    public override void Reply(Reply reply) => Finish(reply);

    public override void Fail(SysError error) => Finish(error);

    public override async ValueTask<bool> SendRawAsync(
        ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _pieces!.Writer.WriteAsync(bytes.ToArray(), cancellationToken);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    public override bool TrySendEvent(EventView piece) => false;

    /// <summary>Whoever reads pieces goes on with an empty one, unless some wait for him anyway.</summary>
    public void Tick() => _pieces!.Writer.TryWrite(default);

    /// <summary>True for the one who ends it.</summary>
    public bool Finish(SysResult<Reply> end)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return false;
        }

        _result = end;
        if (GoesOnInline)
        {
            AfterTurn.Do(this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return true;
    }

    /// <summary>Whoever waits for the end, or reads pieces, goes on in here.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Watch?.Ended(this, _result.Error?.Code ?? SysErrorCode.Ok);
        _end.SetResult(_result);
        _pieces?.Writer.TryComplete();
    }
}
