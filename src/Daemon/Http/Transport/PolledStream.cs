using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Analemma.Daemon.Http.Transport;

/// <summary>
/// A client's side of a connection, for an HTTP client to speak through. An answer that is long is read on a thread of
/// the pool, where it holds up nobody.
/// </summary>
internal sealed class PolledStream(PolledSocket socket) : Stream
{
    /// <summary>Of one answer: what is more takes its time to be read.</summary>
    private const int InlineBytesMax = 64 * 1024;

    private int _received;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Waits for each answer: what it waits by is used again.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                if (buffer.IsEmpty)
                {
                    // Asked whether there is something, before a buffer is there for it.
                    await socket.Reads.WaitAsync(cancellationToken);
                    return 0;
                }

                var count = socket.TryReceive(buffer.Span);
                if (count >= 0)
                {
                    _received = Math.Min(_received + count, InlineBytesMax);
                    socket.RunsInline = _received < InlineBytesMax;
                    return count;
                }

                await socket.Reads.WaitAsync(cancellationToken);
            }
        }
        catch (Exception failed) when (failed is SocketException or ObjectDisposedException)
        {
            throw new IOException("the connection was lost", failed);
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A request: what is read from now on is another answer.
        _received = 0;
        socket.RunsInline = true;
        try
        {
            while (!buffer.IsEmpty)
            {
                var count = socket.TrySend(buffer.Span);
                if (count >= 0)
                {
                    buffer = buffer[count..];
                }
                else
                {
                    await socket.Writes.WaitAsync(cancellationToken);
                }
            }
        }
        catch (Exception failed) when (failed is SocketException or ObjectDisposedException)
        {
            throw new IOException("the connection was lost", failed);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
        }

        base.Dispose(disposing);
    }
}
