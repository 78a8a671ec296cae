using Analemma.Linux;

namespace Analemma.Daemon.Http.Transport;

// THREADS THAT POLL
//
// Several threads wait on one epoll, each for one socket at a time, and do all that follows from what has come
// themselves: read it, serve it, send on. So nothing is handed to another thread on its way, and what comes meanwhile
// wakes the next one. There are as many as processors: who has to wait for long, or computes for long, asks for a
// thread of the pool (PolledSocket.RunsInline).
//
// Readiness is edge-triggered, and its descriptor may be another's by the time that it is seen: who is told of it finds
// nothing to receive then, and waits again.

/// <summary>The threads that wait for sockets, and the sockets that they wait for.</summary>
internal sealed class SocketPoller : IAsyncDisposable
{
    private const int ThreadsMin = 2;

    private const Readiness Interest = Readiness.Read | Readiness.Write | Readiness.PeerShutdown
        | Readiness.EdgeTriggered;

    private readonly Epoll _epoll = new(1);
    private readonly EventFd _end = new();
    private readonly Lock _gate = new();
    private readonly Thread[] _threads;
    private readonly Action<Exception> _failed;
    private PolledSocket?[] _sockets = new PolledSocket?[256];

    /// <param name="failed">Told what went wrong with a thread itself.</param>
    public SocketPoller(Action<Exception> failed)
    {
        _failed = failed;
        _epoll.Add(_end, Readiness.Read);
        _threads = new Thread[Math.Max(ThreadsMin, Environment.ProcessorCount)];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = $"analemma-http-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>Tells a socket from now on what it is ready for, until it is forgotten. Any thread.</summary>
    public void Watch(PolledSocket socket)
    {
        lock (_gate)
        {
            if (socket.Number >= _sockets.Length)
            {
                var more = new PolledSocket?[Math.Max(_sockets.Length * 2, socket.Number + 1)];
                _sockets.CopyTo(more, 0);
                Volatile.Write(ref _sockets, more);
            }

            _sockets[socket.Number] = socket;
        }

        _epoll.Add(socket.Handle, Interest);
    }

    /// <summary>Before it is closed. Any thread.</summary>
    public void Forget(PolledSocket socket)
    {
        lock (_gate)
        {
            if (socket.Number < _sockets.Length && _sockets[socket.Number] == socket)
            {
                _sockets[socket.Number] = null;
                if (!_epoll.IsClosed)
                {
                    _epoll.Remove(socket.Handle);
                }
            }
        }
    }

    /// <summary>Ends the threads; whoever waits for that may be on one of them.</summary>
    public ValueTask DisposeAsync() => new(Task.Run(() =>
    {
        _end.Set();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        lock (_gate)
        {
            _epoll.Dispose();
        }

        _end.Dispose();
    }));

    private void Run()
    {
        // Everybody waits for these threads: they go before those that compute. Where that cannot be had they take
        // their turn as all do.
        _ = ThreadSlice.TrySet(ThreadSlice.Shortest);
        try
        {
            while (true)
            {
                if (!_epoll.WaitForOne(out var descriptor, out var ready))
                {
                    continue;
                }

                var sockets = Volatile.Read(ref _sockets);
                if (descriptor == (int)_end.DangerousGetHandle())
                {
                    return;
                }

                if (descriptor < sockets.Length && Volatile.Read(ref sockets[descriptor]) is { } socket)
                {
                    socket.OnReady(ready);
                }
            }
        }
        catch (Exception wrong)
        {
            _failed(wrong);
        }
    }
}
