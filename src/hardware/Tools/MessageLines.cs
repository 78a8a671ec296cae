using System.Text;
using System.Text.Json;

namespace Analemma.Tools;

// Messages are lines of JSON: MCP specification 2025-11-25, basic/transports, stdio. A server "MUST NOT write anything
// to its stdout that is not a valid MCP message", and many do: a log line here, a banner there. Such lines are skipped,
// up to a bound. So are requests of a program that does not read the answers to those before. A message too long for
// its bound, or too much of what is skipped, ends the stream, and Fault says why.

/// <summary>What a program prints, with only its messages left.</summary>
internal sealed class MessageLines(
    Stream inner,
    int messageBytesMax,
    int garbageBytesMax,
    Action<ReadOnlyMemory<byte>> passed,
    Func<bool>? mayAsk = null,
    Func<string, string>? hide = null) : Stream
{
    private const int BufferBytes = 64 * 1024;
    private const int ShownChars = 120;

    /// <summary>Of what is shown of a line, hidden values that begin within must be seen to their end.</summary>
    private const int LookedBytes = 512 * 1024;

    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _scanned;
    private int _end;
    private int _ready;
    private long _garbage;
    private long _unheard;
    private string? _firstGarbage;

    /// <summary>Why the stream ended, when it was not by the program itself.</summary>
    public string? Fault { get; private set; }

    /// <summary>The first line of what was no message, for people.</summary>
    public string? FirstGarbage => _firstGarbage;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_ready == 0)
        {
            if (Fault is not null || (!TakeLine() && !await FillAsync(cancellationToken)))
            {
                return 0;
            }
        }

        var count = Math.Min(_ready, buffer.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        _ready -= count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

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
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Takes the next whole line of the buffer, if there is one: it is ready, or skipped.</summary>
    private bool TakeLine()
    {
        var at = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        if (at < 0)
        {
            _scanned = _end;
            return false;
        }

        var line = _buffer.AsSpan(_start, _scanned + at + 1 - _start);
        _scanned += at + 1;
        if (!IsMessage(line, out var isRequest))
        {
            Skip(line);
        }
        else if (isRequest && mayAsk?.Invoke() == false)
        {
            Ignore(line);
        }
        else
        {
            _ready = line.Length;
            _garbage = 0;
            _unheard = isRequest ? 0 : _unheard;
            passed(_buffer.AsMemory(_start, _ready));
        }

        return true;
    }

    private void Ignore(ReadOnlySpan<byte> line)
    {
        _start += line.Length;
        _unheard += line.Length;
        if (_unheard > garbageBytesMax)
        {
            Fault = $"it asked for more than {garbageBytesMax} bytes without reading the answers";
        }
    }

    private void Skip(ReadOnlySpan<byte> line)
    {
        _start += line.Length;
        _garbage += line.Length;
        if (_firstGarbage is null && line.Trim(" \t\r\n"u8) is { IsEmpty: false } text)
        {
            var looked = Encoding.UTF8.GetString(text[..Math.Min(text.Length, LookedBytes)]);
            var shown = hide?.Invoke(looked) ?? looked;
            _firstGarbage = new string(
                [.. shown.Take(ShownChars).Where(character => !char.IsControl(character))]);
        }

        if (_garbage > garbageBytesMax)
        {
            Fault = $"it printed more than {garbageBytesMax} bytes that are no message, such as \"{_firstGarbage}\"";
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        if (Fault is not null)
        {
            return false;
        }

        var count = await inner.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        return count > 0;
    }

    private void MakeRoom()
    {
        var kept = _end - _start;
        if (kept > messageBytesMax)
        {
            Fault = $"it sent a message of more than {messageBytesMax} bytes";
            return;
        }

        var isFull = _end == _buffer.Length;
        if (kept == 0 || isFull)
        {
            var size = kept > _buffer.Length / 2 ? _buffer.Length * 2
                : kept < BufferBytes / 2 ? BufferBytes
                : _buffer.Length;
            var target = size == _buffer.Length ? _buffer : new byte[size];
            _buffer.AsSpan(_start, kept).CopyTo(target);
            _buffer = target;
            _scanned -= _start;
            (_start, _end) = (0, kept);
        }
    }

    private static bool IsMessage(ReadOnlySpan<byte> line, out bool isRequest)
    {
        var (hasMethod, hasId) = (false, false);
        isRequest = false;
        var text = line.Trim(" \t\r\n"u8);
        if (text.IsEmpty || text[0] != (byte)'{')
        {
            return false;
        }

        try
        {
            Utf8JsonReader reader = new(text);
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
                {
                    // Nobody needs escapes in these; who uses them may mean either.
                    hasMethod |= reader.ValueIsEscaped || reader.ValueSpan.SequenceEqual("method"u8);
                    hasId |= reader.ValueIsEscaped || reader.ValueSpan.SequenceEqual("id"u8);
                }
            }

            isRequest = hasMethod && hasId;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
