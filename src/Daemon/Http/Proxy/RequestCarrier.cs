using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners.Network;
using Analemma.Kernel.Network;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Proxy;

/// <summary>
/// An exchange as HTTP from an agent's program: read and written anew on both sides, so that no framing of the one
/// reaches the other.
/// </summary>
internal sealed class RequestCarrier(HttpContext http, RequestCall call, long requestBytesMax) : IHttpCarrier
{
    public IEnumerable<KeyValuePair<string, string>> Headers
    {
        get
        {
            // RFC 9110 section 7.6.1: what Connection names ends here too. Beside "close" Kestrel forgets the others;
            // then the host gets a header that was meant for us, and nothing that frames or ends a message.
            var ofConnection = http.Request.Headers.Connection
                .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries))
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            return from header in http.Request.Headers
                   where !HeaderRules.IsOfTheTransfer(header.Key) && !ofConnection.Contains(header.Key)
                   from value in header.Value
                   where value is not null
                   select KeyValuePair.Create(header.Key, value);
        }
    }

    public HttpContent? Body
    {
        get
        {
            var request = http.Request;
            var isChunked = request.Headers.TransferEncoding.Count > 0;
            if (!isChunked && request.ContentLength is null or 0)
            {
                return HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method)
                    || HttpMethods.IsPatch(request.Method) ? new ByteArrayContent([]) : null;
            }

            StreamContent body = new(new BoundedBody(request.Body, requestBytesMax));
            body.Headers.ContentLength = isChunked ? null : request.ContentLength;
            return body;
        }
    }

    public Task BeginAsync(HttpReply head, long? length, CancellationToken cancellationToken)
    {
        var response = http.Response;
        response.StatusCode = head.Status;
        foreach (var header in head.Headers)
        {
            response.Headers.Append(header.Name, header.Value);
        }

        if (head.Status is not (204 or 304) && head.Status >= 200)
        {
            response.ContentLength = length;
        }

        return Task.CompletedTask;
    }

    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        await http.Response.Body.WriteAsync(piece, cancellationToken);
        return true;
    }

    public void End(HttpReply reply) => call.Reply(reply);

    public void Fail(SysError error) => call.Fail(error);
}

/// <summary>A body of which no more is read than a rule allows.</summary>
internal sealed class BoundedBody(Stream body, long most) : Stream
{
    private long _total;

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
        var count = await body.ReadAsync(buffer, cancellationToken);
        _total += count;
        return _total <= most ? count : throw new BodyTooLargeException(
            $"the body has more than the {most} bytes that the rule allows");
    }

    public override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
