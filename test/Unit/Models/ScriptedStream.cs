using System.Text;
using System.Threading.Channels;

namespace Analemma.Unit.Tests.Models;

/// <summary>A connection whose server says what the test has it say, piece by piece.</summary>
internal sealed class ScriptedStream : Stream
{
    // Who waits goes on at once, so that a test sees what came of what it said.
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>(
        new UnboundedChannelOptions { AllowSynchronousContinuations = true });

    private ReadOnlyMemory<byte> _rest;

    public bool IsDisposed { get; private set; }

    /// <summary>Each write as one text.</summary>
    public List<string> Written { get; } = [];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public ScriptedStream Say(ReadOnlySpan<byte> piece)
    {
        if (!piece.IsEmpty)
        {
            Assert.True(_pieces.Writer.TryWrite(piece.ToArray()));
        }

        return this;
    }

    public ScriptedStream Say(string piece) => Say(Encoding.Latin1.GetBytes(piece));

    /// <summary>The server ends the connection.</summary>
    public ScriptedStream HangUp()
    {
        _pieces.Writer.TryComplete();
        return this;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_rest.IsEmpty)
        {
            return Take(buffer);
        }

        try
        {
            if (!await _pieces.Reader.WaitToReadAsync(cancellationToken) || buffer.IsEmpty)
            {
                return 0;
            }
        }
        catch (ObjectDisposedException closed)
        {
            throw new IOException("the connection was lost", closed);
        }

        Assert.True(_pieces.Reader.TryRead(out var piece));
        _rest = piece;
        return Take(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written.Add(Encoding.Latin1.GetString(buffer.Span));
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        _pieces.Writer.TryComplete(new ObjectDisposedException(nameof(ScriptedStream)));
        base.Dispose(disposing);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }
}
