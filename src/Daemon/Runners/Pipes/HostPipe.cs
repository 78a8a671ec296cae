using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Runners.Pipes;

/// <summary>
/// A pipe(7) of this host, of which the daemon holds the ends that no agent's streams are. Known from when it is first
/// spoken of, made when it is opened, which can fail; never made once both ends are closed.
/// </summary>
internal sealed class HostPipe : IDisposable
{
    private readonly Lock _gate = new();
    private bool _isMade;

    public HostPipeEnd Reader { get; } = new();

    public HostPipeEnd Writer { get; } = new();

    public HostPipeEnd End(bool isReader) => isReader ? Reader : Writer;

    /// <summary>Makes the pipe, unless it is made or over.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public void Open()
    {
        lock (_gate)
        {
            if (_isMade || (Reader.Closed.IsCancellationRequested && Writer.Closed.IsCancellationRequested))
            {
                return;
            }

            var (read, write) = HostFiles.MakePipe(readBlocks: false, writeBlocks: false);
            _isMade = true;
            Reader.Have(read);
            Writer.Have(write);
        }
    }

    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}

/// <summary>One end. Used by one call at a time, in their order; closing it ends what waits for it.</summary>
internal sealed class HostPipeEnd : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private SafeFileHandle? _handle;

    /// <summary>Whose turn it is.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Cancelled once it is closed here, or has been taken.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>What it is an end of is made. It may have been closed before, or be closed meanwhile.</summary>
    public void Have(SafeFileHandle handle)
    {
        Volatile.Write(ref _handle, handle);
        if (_closed.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _handle, null)?.Dispose();
        }
    }

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
        // Made between the two.
        Interlocked.Exchange(ref _handle, null)?.Dispose();
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
