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
    public LogStream Open(LogFolder log, int stream, SafeFileHandle fifo) => new(watcher, _buffer, log, stream, fifo);
}

/// <summary>One FIFO on its way into a log. Owns the FIFO's descriptor.</summary>
internal sealed class LogStream : IDisposable
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly byte[] _buffer;
    private readonly LogFolder _log;
    private readonly int _stream;
    private readonly SafeFileHandle _fifo;
    private readonly IDisposable _watch;
    private bool _closed;

    public LogStream(Watcher watcher, byte[] buffer, LogFolder log, int stream, SafeFileHandle fifo)
    {
        (_buffer, _log, _stream, _fifo) = (buffer, log, stream, fifo);
        lock (_gate)
        {
            _watch = watcher.Watch((int)fifo.DangerousGetHandle(), Watcher.In, _ => Take());
        }
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
                _log.Append(_stream, _buffer.AsSpan(0, LogFolder.HeaderSize + count));
            }
            else if (count == 0)
            {
                CloseLocked();
            }
        }
    }

    private void CloseLocked()
    {
        if (!_closed)
        {
            _closed = true;
            _watch.Dispose();
            _fifo.Dispose();
            _drained.TrySetResult();
        }
    }
}
