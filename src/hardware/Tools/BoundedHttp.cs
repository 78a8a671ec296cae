namespace Analemma.Tools;

/// <summary>
/// HTTP to a server of tools: no redirect takes a secret header elsewhere, no proxy sees it, and no answer is longer
/// than its bound. A stream of events, which may live long, is bounded event by event.
/// </summary>
internal static class BoundedHttp
{
    public static HttpClient Client(ToolSessionOptions options) =>
        new(new BoundingHandler(options.MessageBytesMax, new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = options.StartTimeout,
        }))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    private sealed class BoundingHandler(int bytesMax, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            var isEvents = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            StreamContent bounded = new(new BoundedStream(body, bytesMax, isEvents));
            foreach (var (name, values) in response.Content.Headers)
            {
                bounded.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = bounded;
            return response;
        }
    }

    internal sealed class BoundedStream(Stream inner, int bytesMax, bool perEvent) : Stream
    {
        private long _count;
        private bool _isLineEmpty = true;

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
            var count = await inner.ReadAsync(buffer, cancellationToken);
            Count(buffer.Span[..count]);
            return _count <= bytesMax
                ? count
                : throw new IOException($"it sent a message of more than {bytesMax} bytes");
        }

        public override Task<int> ReadAsync(
            byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
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

        /// <summary>An event ends with an empty line; whoever reads has it in memory until then.</summary>
        private void Count(ReadOnlySpan<byte> bytes)
        {
            while (perEvent && bytes.IndexOf((byte)'\n') is >= 0 and var at)
            {
                var isEmpty = _isLineEmpty && !bytes[..at].ContainsAnyExcept((byte)'\r');
                _count = isEmpty ? 0 : _count + at + 1;
                _isLineEmpty = true;
                bytes = bytes[(at + 1)..];
            }

            _count += bytes.Length;
            _isLineEmpty &= !bytes.ContainsAnyExcept((byte)'\r');
        }
    }
}
