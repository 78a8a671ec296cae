using System.Buffers;
using System.Threading.Channels;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Client;

/// <summary>
/// A request in flight. The connection's reader calls it, one frame after the other, never two at once.
/// </summary>
internal abstract class PendingCall
{
    /// <summary>A frame with MORE. The bytes are valid only during the call.</summary>
    public abstract void Take(FrameFlags flags, ReadOnlySpan<byte> piece);

    /// <summary>The last frame.</summary>
    public abstract void End(FrameFlags flags, SysErrorCode status, ReadOnlySpan<byte> payload);

    /// <summary>What came with the last frame, before that: the call's to close.</summary>
    public virtual void TakeDescriptors(SafeFileHandle[] descriptors)
    {
        foreach (var descriptor in descriptors)
        {
            descriptor.Dispose();
        }
    }

    /// <summary>The connection has gone.</summary>
    public abstract void Lost(Exception reason);

    public static SyscallException Refusal(SysErrorCode status, ReadOnlySpan<byte> payload)
    {
        var error = AbiJson.TryRead(payload, AbiJsonContext.Default.ErrorBody, out var body, out _)
            ? new SysError(status, body.Message, body.Hint)
            {
                RetryAfterMs = body.RetryAfterMs,
                Reason = body.Reason,
                Budget = body.Budget,
                Flaws = body.Flaws,
            }
            : new SysError(status, $"the kernel answered {SysErrorCodes.NameOf(status)} without a reason");
        return new SyscallException(error);
    }
}

/// <summary>A request whose answer is one body, in however many frames it comes.</summary>
internal sealed class BytesCall : PendingCall
{
    private readonly TaskCompletionSource<PooledBytes> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly PooledBytes _body = new();

    private SafeFileHandle[] _descriptors = [];

    /// <summary>Whoever awaits it returns it.</summary>
    public Task<PooledBytes> Answer => _answer.Task;

    public void Abandon(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);

    public override void TakeDescriptors(SafeFileHandle[] descriptors)
    {
        lock (_body)
        {
            _descriptors = descriptors;
        }

        if (_answer.Task.IsCanceled)
        {
            CloseDescriptors();
        }
    }

    /// <summary>Those that came with the answer, once.</summary>
    public SafeFileHandle[] TakeDescriptors()
    {
        lock (_body)
        {
            var taken = _descriptors;
            _descriptors = [];
            return taken;
        }
    }

    public void CloseDescriptors() => base.TakeDescriptors(TakeDescriptors());

    public override void Take(FrameFlags flags, ReadOnlySpan<byte> piece)
    {
        if (_body.Length + piece.Length > KernelConnection.AnswerBytesMax)
        {
            _answer.TrySetException(new SyscallException(new SysError(
                SysErrorCode.TooLarge, $"the answer is larger than {KernelConnection.AnswerBytesMax} bytes")));
            return;
        }

        _body.Write(piece);
    }

    public override void End(FrameFlags flags, SysErrorCode status, ReadOnlySpan<byte> payload)
    {
        if (status != SysErrorCode.Ok)
        {
            _answer.TrySetException(Refusal(status, payload));
            return;
        }

        Take(flags, payload);
        _answer.TrySetResult(_body);
    }

    public override void Lost(Exception reason) => _answer.TrySetException(reason);
}

/// <summary>
/// A request whose answer comes in pieces. When nobody takes them and <paramref name="piecesMax"/> wait, the reader
/// waits too, and with it every other call of the connection: a stream without end has a connection of its own.
/// </summary>
internal sealed class StreamCall(int piecesMax) : PendingCall
{
    private readonly Channel<(FrameFlags Flags, byte[] Bytes)> _pieces =
        Channel.CreateBounded<(FrameFlags Flags, byte[] Bytes)>(
            new BoundedChannelOptions(piecesMax) { SingleReader = true });

    public ChannelReader<(FrameFlags Flags, byte[] Bytes)> Pieces => _pieces.Reader;

    /// <summary>The last frame's payload; set before the pieces complete without an error.</summary>
    public byte[] Answer { get; private set; } = [];

    /// <summary>The one who reads has gone: what still comes is dropped.</summary>
    public void Abandon() => _pieces.Writer.TryComplete();

    public override void Take(FrameFlags flags, ReadOnlySpan<byte> piece)
    {
        var item = (flags, piece.ToArray());
        while (!_pieces.Writer.TryWrite(item))
        {
            if (!_pieces.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    public override void End(FrameFlags flags, SysErrorCode status, ReadOnlySpan<byte> payload)
    {
        if (status == SysErrorCode.Ok)
        {
            Answer = payload.ToArray();
            _pieces.Writer.TryComplete();
        }
        else
        {
            _pieces.Writer.TryComplete(Refusal(status, payload));
        }
    }

    public override void Lost(Exception reason) => _pieces.Writer.TryComplete(reason);
}
