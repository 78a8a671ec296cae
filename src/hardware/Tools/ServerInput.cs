namespace Analemma.Tools;

// A server may ask its client things, and the package answers each in a task of its own, which waits until the program
// reads. One that asks and does not read would have as many waiting as there is memory.

/// <summary>A program's input, and how many of the program's own requests are not answered yet.</summary>
internal sealed class ServerInput(Stream inner) : Stream
{
    /// <summary>Of a program's requests that wait for their answers.</summary>
    public const int UnansweredMax = 64;

    private int _unanswered;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether another request of the program may be answered.</summary>
    public bool TryAsk()
    {
        if (Volatile.Read(ref _unanswered) >= UnansweredMax)
        {
            return false;
        }

        Interlocked.Increment(ref _unanswered);
        return true;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken);
        Answered(buffer.Span.Count((byte)'\n'));
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        inner.Write(buffer, offset, count);
        Answered(buffer.AsSpan(offset, count).Count((byte)'\n'));
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>A line is a message. Some are ours and answer nothing, so it is at least so many that wait.</summary>
    private void Answered(int messages)
    {
        for (var now = Volatile.Read(ref _unanswered); now > 0 && messages > 0; messages--)
        {
            now = Interlocked.Add(ref _unanswered, -1);
        }
    }
}
