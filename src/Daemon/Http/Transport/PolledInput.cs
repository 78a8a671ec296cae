using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Daemon.Http.Transport;

/// <summary>
/// What a peer sends, read when it is asked for: into one buffer, that is there only while something is in it.
/// </summary>
internal sealed class PolledInput(PolledSocket socket, Action ended) : PipeReader
{
    private const int BufferBytesMin = 4 * 1024;
    private const int BufferBytesMax = 64 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _examined;
    private int _end;
    private int _wanted = BufferBytesMin;
    private bool _isAtEnd;
    private bool _isComplete;
    private volatile bool _isCancelled;

    public override bool TryRead(out ReadResult result)
    {
        if (!_isCancelled && !HasMore && !_isAtEnd)
        {
            Receive();
        }

        if (_isCancelled || HasMore || _isAtEnd)
        {
            result = Result();
            return true;
        }

        result = default;
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out var result) ? new(result) : WaitAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = IndexOf(consumed);
        _examined = Math.Max(_start, IndexOf(examined));
        if (_start == _end)
        {
            Return();
        }
    }

    public override void CancelPendingRead()
    {
        _isCancelled = true;
        socket.Reads.Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        _isComplete = true;
        Return();
    }

    private bool HasMore => _end > _examined;

    // The end of a sequence is marked in its highest bit.
    private static int IndexOf(SequencePosition position) => position.GetInteger() & int.MaxValue;

    // Waits for each request: what it waits by is used again.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await socket.Reads.WaitAsync(cancellationToken);
            if (TryRead(out var result))
            {
                return result;
            }
        }
    }

    private ReadResult Result()
    {
        var isCancelled = _isCancelled;
        _isCancelled = false;
        return new ReadResult(
            new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCancelled, _isAtEnd);
    }

    private void Receive()
    {
        if (_isComplete)
        {
            throw new InvalidOperationException("nothing is read after the reader has completed");
        }

        MakeRoom();
        try
        {
            var count = socket.TryReceive(_buffer.AsSpan(_end));
            if (count > 0)
            {
                _wanted = _end + count == _buffer.Length ? Math.Min(_wanted * 2, BufferBytesMax) : _wanted;
                _end += count;
            }
            else if (count == 0)
            {
                _isAtEnd = true;
                ended();
            }
        }
        catch (SocketException lost)
        {
            ended();
            throw new ConnectionResetException("the connection was lost", lost);
        }
        catch (ObjectDisposedException gone)
        {
            throw new ConnectionAbortedException("the connection was closed", gone);
        }
    }

    // What nobody has consumed moves to the start of a larger one; how large that gets is the reader's to limit.
    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        var kept = _end - _start;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_wanted, kept * 2));
        _buffer.AsSpan(_start, kept).CopyTo(larger);
        var examined = _examined - _start;
        Return();
        (_buffer, _examined, _end) = (larger, examined, kept);
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _examined, _end) = ([], 0, 0, 0);
    }
}
