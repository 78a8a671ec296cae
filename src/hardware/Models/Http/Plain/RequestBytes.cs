using System.Buffers;
using System.ClientModel;
using System.Globalization;
using System.Text;

namespace Analemma.Models.Http.Plain;

/// <summary>A request as it is sent: head and body in one piece, so that the server is woken once.</summary>
internal sealed class RequestBytes : Stream
{
    private const int FirstBytes = 4 * 1024;

    private static readonly SearchValues<char> NotInALine = SearchValues.Create("\0\r\n");

    private static readonly string[] Ours =
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade"];

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <param name="request">What the package asks.</param>
    /// <param name="header">Who is let in by what; the package's own is left out.</param>
    /// <param name="key">The value of that header, if any.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async ValueTask WriteAsync(
        PlainRequest request, string header, string? key, CancellationToken cancellationToken)
    {
        var uri = request.Uri!;
        Add(request.Method);
        Add(" ");
        Add(uri.PathAndQuery);
        Add(" HTTP/1.1\r\nHost: ");
        Add(uri.Authority);
        Add("\r\n");
        foreach (var (name, value) in request.Lines)
        {
            if (!Is(name, header) && !Array.Exists(Ours, ours => Is(name, ours)))
            {
                AddLine(name, value);
            }
        }

        if (key is not null)
        {
            AddLine(header, key);
        }

        if (request.Content is { } content)
        {
            await AddBodyAsync(content, cancellationToken);
        }
        else
        {
            Add("\r\n");
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        buffer.CopyTo(Room(buffer.Length));
        _length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _bytes.Length > 0)
        {
            // The key was in it.
            _bytes.AsSpan(0, Math.Min(_length, FirstBytes)).Clear();
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }

        base.Dispose(disposing);
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private async ValueTask AddBodyAsync(BinaryContent content, CancellationToken cancellationToken)
    {
        if (content.TryComputeLength(out var length))
        {
            AddLength(length);
            var start = _length;
            await content.WriteToAsync(this, cancellationToken);
            if (_length - start != length)
            {
                throw new InvalidOperationException("the package's body is not as long as it said");
            }

            return;
        }

        using RequestBytes body = new();
        await content.WriteToAsync(body, cancellationToken);
        AddLength(body._length);
        Write(body.Bytes.Span);
    }

    private void AddLength(long length)
    {
        AddLine("Content-Length", length.ToString(CultureInfo.InvariantCulture));
        Add("\r\n");
    }

    private void AddLine(string name, string value)
    {
        if (value.AsSpan().ContainsAny(NotInALine))
        {
            throw new InvalidOperationException($"the header {name} has more than one line");
        }

        Add(name);
        Add(": ");
        Add(value);
        Add("\r\n");
    }

    private void Add(string text) =>
        _length += Encoding.Latin1.GetBytes(text, Room(Encoding.Latin1.GetMaxByteCount(text.Length)));

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + bytes));
            Bytes.Span.CopyTo(larger);
            _bytes.AsSpan(0, Math.Min(_length, FirstBytes)).Clear();
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(_length);
    }
}
