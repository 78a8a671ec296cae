using System.Buffers.Text;

namespace Analemma.Models.Http.Plain;

/// <summary>
/// The body of one answer, without what frames it. Read to its end it gives its connection back; left before, it ends
/// it, and with it the model's work.
/// </summary>
internal sealed class PlainBody(PlainConnection connection, ResponseHead head, ModelTimeouts timeouts) : Stream
{
    /// <summary>Of a chunk's size with what is said beside it, or of a line after the last chunk.</summary>
    private const int LineBytesMax = 1024;

    private const int TrailersMax = 64;

    /// <summary>For the end of an answer of which all has been said.</summary>
    private static readonly TimeSpan EndMax = TimeSpan.FromMilliseconds(50);

    private long _left = head.End is BodyEnd.Length ? head.Length : head.End is BodyEnd.Connection ? long.MaxValue : 0;
    private long _bytes;
    private bool _hasChunks;
    private bool _isOver;
    private bool _isLeft;
    private bool _saidAll;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private TimeSpan Most =>
        _isLeft ? EndMax : _bytes == 0 ? timeouts.FirstByte : timeouts.BetweenChunks;

    private string What => _bytes == 0 ? "the first byte of the answer" : "the next part of the answer";

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isOver || buffer.IsEmpty)
        {
            return 0;
        }

        connection.Heed(cancellationToken);
        if (_left == 0 && (head.End is BodyEnd.Length || !await TryBeginChunkAsync()))
        {
            return End();
        }

        var wanted = (int)Math.Min(buffer.Length, _left);
        var count = connection.Take(buffer.Span[..wanted]);
        if (count == 0 && !await connection.TryReceiveAsync(Most, What))
        {
            return head.End is BodyEnd.Connection ? End() : throw Cut();
        }

        count = count > 0 ? count : connection.Take(buffer.Span[..wanted]);
        (_left, _bytes) = (_left - count, _bytes + count);
        _saidAll = buffer.Span[..count].TrimEnd("\r\n"u8).EndsWith("[DONE]"u8);
        if (_left == 0 && head.End is BodyEnd.Length)
        {
            // Who reads so many bytes as were promised need not ask for more.
            End();
        }

        return _bytes <= WatchedStream.BodyBytesMax
            ? count
            : throw new ProviderFault(
                ModelCallReason.MalformedAnswer, $"the answer is larger than {WatchedStream.BodyBytesMax >> 20} MiB");
    }

    /// <summary>All of it, or its beginning if it is longer.</summary>
    public async ValueTask<ArraySegment<byte>> ReadAllAsync(int most, CancellationToken cancellationToken)
    {
        const int first = 4 * 1024;
        var size = head.End is BodyEnd.Length ? Math.Min(head.Length, 1024 * 1024) : first;
        var (bytes, length) = (new byte[Math.Max(1, Math.Min(size, most))], 0);
        while (await ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var count)
        {
            length += count;
            if (length == bytes.Length && !_isOver)
            {
                if (length >= most)
                {
                    break;
                }

                Array.Resize(ref bytes, (int)Math.Min(most, length * 2L));
            }
        }

        return new ArraySegment<byte>(bytes, 0, length);
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
        if (disposing && !_isOver && !_isLeft)
        {
            _isLeft = true;
            _ = LeaveAsync();
        }

        base.Dispose(disposing);
    }

    // Who reads a stream of OpenAI's events stops at the one that says so, which is before the end. Whoever stops
    // anywhere else wants the model to stop.
    private async Task LeaveAsync()
    {
        try
        {
            if (head.End is BodyEnd.Chunks && head.KeepsConnection && _saidAll && _left == 0
                && !connection.IsGivenUp && !await TryBeginChunkAsync())
            {
                End();
                return;
            }
        }
        catch (Exception lost) when (lost is ProviderFault or OperationCanceledException)
        {
            // Nobody waits for it.
        }

        _isOver = true;
        connection.Dispose();
    }

    private static ProviderFault Cut() => new(ModelCallReason.CutStream, "the connection ended within the answer");

    private static ProviderFault Wrong() =>
        new(ModelCallReason.MalformedAnswer, "the parts of the answer are not what HTTP says");

    private int End()
    {
        if (!_isOver)
        {
            _isOver = true;
            connection.Done(head.KeepsConnection);
        }

        return 0;
    }

    /// <summary>False when it was the last, and what follows it is read too.</summary>
    private async ValueTask<bool> TryBeginChunkAsync()
    {
        if (_hasChunks && await LineAsync(0) != 0)
        {
            // A chunk ends with an empty line.
            throw Wrong();
        }

        _hasChunks = true;
        _left = await LineAsync(16);
        if (_left > 0)
        {
            return true;
        }

        for (var trailers = 0; await LineAsync(null) > 0; trailers++)
        {
            if (trailers == TrailersMax)
            {
                throw Wrong();
            }
        }

        return false;
    }

    /// <summary>Takes a line: its number to the base 16 when it is one; otherwise its length.</summary>
    private async ValueTask<long> LineAsync(int? radix)
    {
        int end;
        while ((end = connection.Received.IndexOf("\r\n"u8)) < 0)
        {
            if (connection.Received.Length > LineBytesMax)
            {
                throw Wrong();
            }

            if (!await connection.TryReceiveAsync(Most, What))
            {
                throw Cut();
            }
        }

        var value = radix == 16 ? SizeIn(connection.Received[..end]) : end;
        connection.Skip(end + 2);
        return value;
    }

    // Behind ';' a server may say more of a chunk.
    private static long SizeIn(ReadOnlySpan<byte> line)
    {
        var more = line.IndexOf((byte)';');
        var number = (more < 0 ? line : line[..more]).TrimEnd(" \t"u8);
        return number.Length is > 0 and <= 15 && Utf8Parser.TryParse(number, out long size, out var digits, 'x')
            && digits == number.Length && size >= 0 ? size : throw Wrong();
    }
}
