namespace Analemma.Models.Http;

/// <summary>
/// The body of an answer: each part must come in time, the whole must stay below a bound, and a connection that ends
/// early is a fault of its own, whichever package reads.
/// </summary>
internal sealed class WatchedStream(Stream inner, ModelTimeouts timeouts, TimeProvider time) : Stream
{
    /// <summary>Far beyond what a model writes; what comes from the network is bounded all the same.</summary>
    public const long BodyBytesMax = 64L << 20;

    private readonly Deadline _deadline = new(time);
    private long _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var (most, what) = _bytes == 0
            ? (timeouts.FirstByte, "the first byte of the answer")
            : (timeouts.BetweenChunks, "the next part of the answer");
        int count;
        try
        {
            count = await _deadline.WaitAsync(
                most, what, token => inner.ReadAsync(buffer, token), cancellationToken);
        }
        catch (IOException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProviderFault(ModelCallReason.CutStream, "the connection ended within the answer", error);
        }

        _bytes += count;
        return _bytes <= BodyBytesMax
            ? count
            : throw new ProviderFault(
                ModelCallReason.MalformedAnswer, $"the answer is larger than {BodyBytesMax >> 20} MiB");
    }

    public override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Answers are read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _deadline.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
