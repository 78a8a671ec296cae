using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Runners.Pipes;

/// <summary>A pipe(7) of this host, of which the daemon holds the ends that no agent's streams are.</summary>
internal sealed class HostPipe : IDisposable
{
    public HostPipe()
    {
        var (read, write) = HostFiles.MakePipe(readBlocks: false, writeBlocks: false);
        Reader = new HostPipeEnd(read);
        Writer = new HostPipeEnd(write);
    }

    public HostPipeEnd Reader { get; }

    public HostPipeEnd Writer { get; }

    public HostPipeEnd End(bool isReader) => isReader ? Reader : Writer;

    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}

/// <summary>One end. Used by one call at a time, in their order; closing it ends what waits for it.</summary>
internal sealed class HostPipeEnd(SafeFileHandle handle) : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private SafeFileHandle? _handle = handle;

    /// <summary>Whose turn it is.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Cancelled once it is closed here, or has been taken.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Gives it away, to be a process's stream, which waits; null when it is closed.</summary>
    public async Task<SafeFileHandle?> TakeAsync(CancellationToken cancellationToken)
    {
        // No call may be inside: it would wait on our thread from now on.
        await _closed.CancelAsync();
        await Turn.WaitAsync(cancellationToken);
        var taken = Interlocked.Exchange(ref _handle, null);
        Turn.Release();
        if (taken is not null)
        {
            HostFiles.MakeBlocking(taken);
        }

        return taken;
    }

    /// <summary>What is there; 0 when nobody writes any more, -1 when there is nothing yet, null when closed.</summary>
    public int? Read(Span<byte> into)
    {
        var held = Hold();
        if (held is null)
        {
            return null;
        }

        try
        {
            return HostFiles.Read(held, into);
        }
        finally
        {
            held.DangerousRelease();
        }
    }

    /// <summary>As much as fits; -1 when nothing does now, null when closed.</summary>
    /// <exception cref="LinuxException">EPIPE: nobody reads any more.</exception>
    public int? Write(ReadOnlySpan<byte> bytes)
    {
        var held = Hold();
        if (held is null)
        {
            return null;
        }

        try
        {
            return HostFiles.TryWrite(held, bytes);
        }
        finally
        {
            held.DangerousRelease();
        }
    }

    /// <summary>Completes when it is worth to try again.</summary>
    public Task WhenReady(Watcher watcher, bool isReader, CancellationToken cancellationToken)
    {
        var held = Volatile.Read(ref _handle);
        return held is null ? Task.CompletedTask
            : isReader ? watcher.WhenReadable(held, cancellationToken)
            : watcher.WhenWritable(held, cancellationToken);
    }

    public void Dispose()
    {
        var closing = Interlocked.Exchange(ref _handle, null);
        _closed.Cancel();
        closing?.Dispose();
    }

    // Closed under a call, its number may be another file's by now: the handle is held meanwhile.
    private SafeFileHandle? Hold()
    {
        var held = Volatile.Read(ref _handle);
        var isHeld = false;
        try
        {
            held?.DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }

        return isHeld ? held : null;
    }
}
