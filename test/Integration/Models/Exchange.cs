using System.Globalization;
using System.Text;

namespace Analemma.Integration.Tests.Models;

/// <summary>One request and the answer that a test gives it.</summary>
internal sealed class Exchange(
    Stream stream, ReceivedRequest request, TaskCompletionSource left, CancellationToken cancellationToken)
{
    public ReceivedRequest Request => request;

    public bool IsClosed { get; private set; }

    public Task AnswerAsync(int status, string body, string headers = "") => WriteAsync(
        $"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n{headers}"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public Task BeginStreamAsync() =>
        WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");

    public Task ChunkAsync(string text) => ChunkAsync(Encoding.UTF8.GetBytes(text));

    public async Task ChunkAsync(ReadOnlyMemory<byte> bytes)
    {
        await WriteAsync(bytes.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        await stream.WriteAsync(bytes, cancellationToken);
        await WriteAsync("\r\n");
    }

    public Task EndStreamAsync() => WriteAsync("0\r\n\r\n");

    public Task WriteAsync(string text) =>
        stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).AsTask();

    public void Close() => IsClosed = true;

    /// <summary>Says nothing more until the client has gone.</summary>
    public async Task StallAsync()
    {
        Close();
        try
        {
            while (await stream.ReadAsync(new byte[1024], cancellationToken) > 0)
            {
            }

            left.TrySetResult();
        }
        catch (IOException)
        {
            left.TrySetResult();
        }
    }
}
