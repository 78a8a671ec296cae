using System.Buffers;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Logs;

/// <summary>
/// Reads what sandboxes print into their logs, all of them on the watcher's thread and through one buffer, so that an
/// idle agent costs two descriptors and no memory to speak of.
/// </summary>
internal sealed class LogIntake(Watcher watcher)
{
    private readonly byte[] _buffer = new byte[LogFolder.HeaderSize + LogFolder.BodySizeMax];

    /// <summary>Takes one stream until every writer is gone.</summary>
    public LogStream Open(LogFolder log, int stream, SafeFileHandle fifo, ILogFilter? filter) =>
        new(watcher, _buffer, log, stream, fifo, filter);
}

/// <summary>One FIFO on its way into a log. Owns the FIFO's descriptor.</summary>
internal sealed class LogStream : IDisposable
{
    private const int PipeBytesMax = 1024 * 1024;

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly byte[] _buffer;
    private readonly LogFolder _log;
    private readonly int _stream;
    private readonly SafeFileHandle _fifo;
    private readonly ILogFilter? _filter;
    private readonly IDisposable _watch;
    private bool _closed;

    public LogStream(
        Watcher watcher, byte[] buffer, LogFolder log, int stream, SafeFileHandle fifo, ILogFilter? filter)
    {
        (_buffer, _log, _stream, _fifo, _filter) = (buffer, log, stream, fifo, filter);
        lock (_gate)
        {
            _watch = watcher.Watch((int)fifo.DangerousGetHandle(), Watcher.In, _ => Take());
        }

        _log.Draining += Drain;
    }

    /// <summary>Completes when all writers are gone and all is in the log.</summary>
    public Task Drained => _drained.Task;

    public void Dispose()
    {
        lock (_gate)
        {
            CloseLocked();
        }
    }

    // One read a turn, so that an agent that prints without end does not hold up the others.
    private void Take()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            var count = HostFiles.Read(_fifo, _buffer.AsSpan(LogFolder.HeaderSize, _log.BodyBytesMax));
            if (count > 0)
            {
                Keep(_buffer, count);
            }
            else if (count == 0)
            {
                CloseLocked();
            }
        }
    }

    // For who reads the log: what was printed before they asked is in it. No more than a pipe holds at most, so that
    // one who prints without end is not waited for.
    private void Drain()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LogFolder.HeaderSize + LogFolder.BodySizeMax);
        try
        {
            for (var taken = 0; taken < PipeBytesMax;)
            {
                lock (_gate)
                {
                    var count = _closed
                        ? -1 : HostFiles.Read(_fifo, buffer.AsSpan(LogFolder.HeaderSize, _log.BodyBytesMax));
                    if (count <= 0)
                    {
                        // The end is the watcher's to see.
                        return;
                    }

                    Keep(buffer, count);
                    taken += count;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Without a filter nothing is copied.
    private void Keep(byte[] buffer, int count)
    {
        if (_filter is null)
        {
            _log.Append(_stream, buffer.AsSpan(0, LogFolder.HeaderSize + count));
        }
        else
        {
            KeepFiltered(_filter.Next(buffer.AsMemory(LogFolder.HeaderSize, count)));
        }
    }

    private void KeepFiltered(ReadOnlyMemory<byte> text)
    {
        while (text.Length > 0)
        {
            var body = text[..Math.Min(text.Length, _log.BodyBytesMax)];
            text = text[body.Length..];
            var record = new byte[LogFolder.HeaderSize + body.Length];
            body.CopyTo(record.AsMemory(LogFolder.HeaderSize));
            _log.Append(_stream, record);
        }
    }

    private void CloseLocked()
    {
        if (!_closed)
        {
            _closed = true;
            KeepFiltered(_filter?.Rest() ?? default);
            _log.Draining -= Drain;
            _watch.Dispose();
            _fifo.Dispose();
            _drained.TrySetResult();
        }
    }
}
