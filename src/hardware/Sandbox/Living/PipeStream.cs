using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Living;

/// <summary>
/// Our end of a pipe to or from a sandbox. Waits on the watcher's thread, so that it costs no thread of its own and a
/// wait can be cancelled; a sandbox that does not read, or never writes, holds up nobody else.
/// </summary>
internal sealed class PipeStream : Stream
{
    private readonly SafeFileHandle _pipe;
    private readonly Watcher _watcher;
    private readonly bool _isInput;

    /// <param name="pipe">Not blocking. Owned.</param>
    /// <param name="watcher">Tells when it is ready.</param>
    /// <param name="isInput">The sandbox reads what is written here; otherwise it writes what is read here.</param>
    public PipeStream(SafeFileHandle pipe, Watcher watcher, bool isInput) =>
        (_pipe, _watcher, _isInput) = (pipe, watcher, isInput);

    public override bool CanRead => !_isInput;

    public override bool CanSeek => false;

    public override bool CanWrite => _isInput;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Use(() => HostFiles.Read(_pipe, buffer.Span));
            if (count >= 0)
            {
                return count;
            }

            await _watcher.WhenReadable(_pipe, cancellationToken);
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rest = buffer;
            var count = Use(() => HostFiles.TryWrite(_pipe, rest.Span));
            if (count < 0)
            {
                await _watcher.WhenWritable(_pipe, cancellationToken);
                continue;
            }

            buffer = buffer[count..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _pipe.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Closed under a call, its number may be another file's by now: the handle is held meanwhile.</summary>
    private int Use(Func<int> call)
    {
        var isHeld = false;
        try
        {
            _pipe.DangerousAddRef(ref isHeld);
            return call();
        }
        catch (LinuxException failed)
        {
            throw new IOException(failed.Message, failed);
        }
        finally
        {
            if (isHeld)
            {
                _pipe.DangerousRelease();
            }
        }
    }
}
