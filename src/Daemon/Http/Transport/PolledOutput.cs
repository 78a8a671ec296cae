using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Analemma.Daemon.Http.Transport;

/// <summary>What goes to a peer: sent when it is flushed, from one buffer that is there only until then.</summary>
internal sealed class PolledOutput(PolledSocket socket, Action ended) : PipeWriter
{
    private const int BufferBytesMin = 4 * 1024;

    // Whoever waits for room sends on while the connection may be completed.
    private readonly Lock _gate = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private volatile bool _isBroken;
    private volatile bool _isCancelled;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _end - _start;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _end);
        _end += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_end);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(_end);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TrySend() ? new(Result()) : WaitAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        _isCancelled = true;
        socket.Writes.Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
        {
            TrySend();
        }

        lock (_gate)
        {
            _isBroken = true;
            Return();
        }
    }

    private async ValueTask<FlushResult> WaitAsync(CancellationToken cancellationToken)
    {
        do
        {
            await socket.Writes.WaitAsync(cancellationToken);
        }
        while (!_isCancelled && !TrySend());
        return Result();
    }

    private FlushResult Result()
    {
        var isCancelled = _isCancelled;
        _isCancelled = false;
        return new FlushResult(isCancelled, _isBroken);
    }

    // True when nothing is left to send, or nobody to send it to.
    private bool TrySend()
    {
        lock (_gate)
        {
            try
            {
                while (_start < _end && !_isBroken)
                {
                    var count = socket.TrySend(_buffer.AsSpan(_start, _end - _start));
                    if (count < 0)
                    {
                        return false;
                    }

                    _start += count;
                }
            }
            catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
            {
                _isBroken = true;
                ended();
            }

            Return();
            return true;
        }
    }

    private void MakeRoom(int bytes)
    {
        if (_buffer.Length - _end >= bytes)
        {
            return;
        }

        var kept = _end - _start;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(BufferBytesMin, Math.Max(kept * 2, kept + bytes)));
        _buffer.AsSpan(_start, kept).CopyTo(larger);
        Return();
        (_buffer, _end) = (larger, kept);
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }
}
