using System.Collections.Concurrent;
using Analemma.Linux;

namespace Analemma.Daemon.Sockets;

/// <summary>Something that waits for its descriptor to be ready. Called on the reactor's thread.</summary>
internal interface IReady
{
    void OnReady(Readiness ready);

    /// <summary>
    /// Something that was done for it threw: a bug of ours, met by what its peer sent. It is given up, and no other.
    /// </summary>
    void OnFault(Exception wrong);
}

// THE REACTOR
//
// One thread waits in epoll_wait(2) for all sockets given to it, receives, decodes and hands on; answers are sent by
// whichever thread has them. Level-triggered, one recv(2) for one readiness: a readiness that was left over shows
// again, so no client can hold the thread for longer than one buffer's worth of frames.
//
// Whatever is thrown ends at most what it was thrown for. What belongs to nobody is the reactor's own fault, of which
// the kernel is told: its clients would otherwise wait for ever.
//
// The input and output buffers are shared by all connections of the thread: an idle connection owns no buffer.
internal sealed class Reactor : IDisposable
{
    private const int EventsMax = 256;

    private readonly Epoll _epoll = new(EventsMax);
    private readonly EventFd _wake = new();
    private readonly ConcurrentQueue<(Action Action, IReady? Owner)> _posted = new();
    private readonly Thread _thread;
    private readonly Action<Exception> _failed;
    private IReady?[] _watched = new IReady?[1024];
    private volatile bool _stopping;
    private int _woken;

    /// <param name="name">Of the thread.</param>
    /// <param name="inputBytes">The most that one receive takes.</param>
    /// <param name="outputBytes">Answers gathered for one send.</param>
    /// <param name="failed">Told what went wrong with the reactor itself.</param>
    public Reactor(string name, int inputBytes, int outputBytes, Action<Exception> failed)
    {
        _failed = failed;
        Input = GC.AllocateUninitializedArray<byte>(inputBytes, pinned: true);
        Output = GC.AllocateUninitializedArray<byte>(outputBytes, pinned: true);
        _epoll.Add(_wake, Readiness.Read);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>What was just received; valid until the connection at hand has been served.</summary>
    public byte[] Input { get; }

    /// <summary>Answers gathered while the connection at hand is served.</summary>
    public byte[] Output { get; }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    public void Start() => _thread.Start();

    /// <summary>Runs something on the reactor's thread, in order, soon, for somebody. Any thread.</summary>
    public void Post(Action action, IReady? owner = null)
    {
        _posted.Enqueue((action, owner));
        if (Interlocked.Exchange(ref _woken, 1) != 0)
        {
            return;
        }

        try
        {
            _wake.Set();
        }
        catch (ObjectDisposedException)
        {
            // A timer or an answer that came after the end; there is nobody left to do it for.
        }
    }

    /// <summary>On the reactor's thread.</summary>
    public void Watch(UnixSocket socket, IReady ready, Readiness interest)
    {
        if (socket.Number >= _watched.Length)
        {
            Array.Resize(ref _watched, Math.Max(_watched.Length * 2, socket.Number + 1));
        }

        _watched[socket.Number] = ready;
        _epoll.Add(socket, interest);
    }

    /// <summary>Any thread, while the socket is open.</summary>
    public void Change(UnixSocket socket, Readiness interest) => _epoll.Change(socket, interest);

    /// <summary>
    /// On the reactor's thread, before the socket is closed: its number may be another's right after.
    /// </summary>
    public void Forget(UnixSocket socket)
    {
        _watched[socket.Number] = null;
        _epoll.Remove(socket);
    }

    /// <summary>Ends the thread after what was posted before. Not from the thread itself.</summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        Post(() => _stopping = true);
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Start();
        }

        _thread.Join();
        _epoll.Dispose();
        _wake.Dispose();
    }

    /// <summary>Gives up what something was thrown for. On the reactor's thread.</summary>
    public void GiveUp(IReady? owner, Exception wrong)
    {
        if (owner is null)
        {
            _failed(wrong);
            return;
        }

        try
        {
            owner.OnFault(wrong);
        }
        catch (Exception again)
        {
            _failed(again);
        }
    }

    private void Run()
    {
        // Everybody waits for this thread, and never for long: it goes before those that compute. Where that cannot be
        // had it takes its turn as all do.
        _ = ThreadSlice.TrySet(ThreadSlice.Shortest);
        try
        {
            while (!_stopping)
            {
                Serve(_epoll.Wait(timeoutMs: -1));
            }
        }
        catch (Exception wrong)
        {
            _failed(wrong);
        }
    }

    private void Serve(int count)
    {
        for (var i = 0; i < count; i++)
        {
            // A number may have come to another socket earlier in this round. Its owner finds nothing to receive.
            var (descriptor, ready) = _epoll.Ready(i);
            if (descriptor >= _watched.Length || _watched[descriptor] is not { } watched)
            {
                RunPosted();
                continue;
            }

            try
            {
                watched.OnReady(ready);
            }
            catch (Exception wrong)
            {
                GiveUp(watched, wrong);
            }
        }
    }

    private void RunPosted()
    {
        _wake.Clear();
        Volatile.Write(ref _woken, 0);
        Interlocked.MemoryBarrier();
        while (_posted.TryDequeue(out var posted))
        {
            try
            {
                posted.Action();
            }
            catch (Exception wrong)
            {
                GiveUp(posted.Owner, wrong);
            }
        }
    }
}
