using System.Buffers.Text;
using System.Text;

namespace Analemma.Models.Http.Plain;

/// <summary>Where the body of an answer ends (RFC 9112, section 6.3).</summary>
internal enum BodyEnd
{
    /// <summary>After so many bytes.</summary>
    Length,

    /// <summary>With the last chunk.</summary>
    Chunks,

    /// <summary>With the connection.</summary>
    Connection,
}

/// <summary>The status line and the headers of an answer, as a server that need not be friendly sent them.</summary>
internal sealed class ResponseHead
{
    /// <summary>Of all headers together.</summary>
    public const int BytesMax = 64 * 1024;

    private readonly byte[] _lines;

    private ResponseHead(ReadOnlySpan<byte> lines) => _lines = lines.ToArray();

    public int Status { get; private init; }

    public BodyEnd End { get; private set; } = BodyEnd.Connection;

    /// <summary>Of the body, where that decides.</summary>
    public long Length { get; private set; }

    /// <summary>The connection may be used again when the body is read.</summary>
    public bool KeepsConnection { get; private set; }

    /// <summary>Says that another head follows (100 to 199).</summary>
    public bool IsInterim => Status < 200;

    /// <summary>Null when more must come first.</summary>
    /// <param name="received">From the first byte of the answer.</param>
    /// <param name="size">Of the head, with the empty line.</param>
    /// <exception cref="ProviderFault">It is no HTTP.</exception>
    public static ResponseHead? TryRead(ReadOnlySpan<byte> received, out int size)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        size = end + 4;
        if (end < 0)
        {
            return received.Length < BytesMax && MayBeHttp(received) ? null : throw Wrong();
        }

        var head = received[..(end + 2)];
        var first = head.IndexOf("\r\n"u8);
        var line = head[..first];
        // HTTP/1.1 200 OK; the reason may be missing.
        if (end > BytesMax || line.Length < 12 || !line.StartsWith("HTTP/1."u8)
            || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ' || (line.Length > 12 && line[12] != ' ')
            || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var digits) || digits != 3 || status < 100)
        {
            throw Wrong();
        }

        ResponseHead read = new(head[(first + 2)..]) { Status = status, KeepsConnection = line[7] == '1' };
        read.Understand();
        return read;
    }

    /// <summary>All headers, in order.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers()
    {
        for (var at = 0; at < _lines.Length;)
        {
            var (name, value, next) = Line(_lines, at);
            at = next;
            yield return new(Encoding.Latin1.GetString(_lines[name]), Encoding.Latin1.GetString(_lines[value]));
        }
    }

    /// <summary>The first header of the name, whatever its case; null for none.</summary>
    public string? Header(string name)
    {
        for (var at = 0; at < _lines.Length;)
        {
            var (found, value, next) = Line(_lines, at);
            at = next;
            if (Ascii.EqualsIgnoreCase(_lines.AsSpan(found), name))
            {
                return Encoding.Latin1.GetString(_lines[value]);
            }
        }

        return null;
    }

    public static ProviderFault Wrong() => new(ModelCallReason.MalformedAnswer, "the answer is not HTTP");

    // What cannot become HTTP any more is not waited for.
    private static bool MayBeHttp(ReadOnlySpan<byte> received)
    {
        var begin = "HTTP/1."u8;
        return received.StartsWith(begin[..Math.Min(begin.Length, received.Length)]);
    }

    private static (Range Name, Range Value, int Next) Line(byte[] lines, int at)
    {
        var size = lines.AsSpan(at).IndexOf("\r\n"u8);
        var colon = lines.AsSpan(at, size).IndexOf((byte)':');
        if (colon <= 0 || lines.AsSpan(at, colon).IndexOfAny(" \t\r\n"u8) >= 0)
        {
            // Among them what goes on from the line before, which nobody may send (RFC 9112, section 5.2).
            throw Wrong();
        }

        var (start, end) = (at + colon + 1, at + size);
        while (start < end && lines[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }

        while (end > start && lines[end - 1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }

        return (at..(at + colon), start..end, at + size + 2);
    }

    private void Understand()
    {
        long? length = null;
        var isCoded = false;
        for (var at = 0; at < _lines.Length;)
        {
            var (name, value, next) = Line(_lines, at);
            at = next;
            var header = _lines.AsSpan(name);
            var said = _lines.AsSpan(value);
            if (Ascii.EqualsIgnoreCase(header, "content-length"u8))
            {
                // Said twice it must be the same: else one of two readers would take a body for an answer.
                length = LengthOf(said) is var one && length is { } other && other != one ? throw Wrong() : one;
            }
            else if (Ascii.EqualsIgnoreCase(header, "transfer-encoding"u8))
            {
                isCoded = Ascii.EqualsIgnoreCase(said, "chunked"u8) && !isCoded ? true : throw Wrong();
            }
            else if (Ascii.EqualsIgnoreCase(header, "connection"u8))
            {
                KeepsConnection &= !Ascii.EqualsIgnoreCase(said, "close"u8);
            }
        }

        // Both are a trick, or a mistake: the chunks count, and the connection is not used again.
        KeepsConnection &= !(isCoded && length is not null);
        if (Status is 204 or 304)
        {
            (End, Length) = (BodyEnd.Length, 0);
        }
        else if (isCoded)
        {
            End = BodyEnd.Chunks;
        }
        else if (length is { } known)
        {
            (End, Length) = (BodyEnd.Length, known);
        }
        else
        {
            KeepsConnection = false;
        }
    }

    private static long LengthOf(ReadOnlySpan<byte> text) =>
        text.Length is > 0 and <= 18 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
        && Utf8Parser.TryParse(text, out long length, out _)
            ? length
            : throw Wrong();
}
