using System.Net;
using System.Net.Sockets;
using Analemma.Linux;

namespace Analemma.Daemon.Http.Transport;

/// <summary>
/// A connected TCP socket that a <see cref="SocketPoller"/> waits for. One thread at a time receives and one sends;
/// whoever waits goes on at the thread that polls.
/// </summary>
internal sealed class PolledSocket : IDisposable
{
    /// <summary>Read on for nobody, to see that the peer has gone: what is more hides it.</summary>
    private const int AheadMax = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly SocketPoller _poller;
    private readonly Socket _socket;
    private readonly Action? _ended;
    private byte[] _ahead = [];
    private int _aheadStart;
    private volatile bool _isEnding;
    private int _isDisposed;

    /// <param name="poller">Waits for it from now on.</param>
    /// <param name="socket">Its own from now on.</param>
    /// <param name="ended">
    /// Told, on a thread that polls, that the peer will send no more while nobody waits for it to.
    /// </param>
    public PolledSocket(SocketPoller poller, Socket socket, Action? ended = null)
    {
        (_poller, _socket, _ended) = (poller, socket, ended);
        _socket.Blocking = false;
        Number = (int)socket.SafeHandle.DangerousGetHandle();
    }

    /// <summary>The descriptor's number, while it is open.</summary>
    public int Number { get; }

    public SafeSocketHandle Handle => _socket.SafeHandle;

    /// <summary>
    /// Whoever waits goes on at the thread that polls, and does not hold it; else on a thread of the pool.
    /// </summary>
    public bool RunsInline { get; set; } = true;

    /// <summary>That there may be something to receive.</summary>
    public ReadyWait Reads { get; } = new();

    /// <summary>That something may be sent.</summary>
    public ReadyWait Writes { get; } = new();

    /// <summary>Watches it from now on. It is connected.</summary>
    public void Watch() => _poller.Watch(this);

    /// <summary>Begins to connect, and watches it from now on.</summary>
    public void BeginConnect(EndPoint server)
    {
        Writes.TryTake();
        try
        {
            _socket.Connect(server);
        }
        catch (SocketException pending) when (
            pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // It shows that it can be written to when it is connected, or that it cannot be.
        }

        _poller.Watch(this);
    }

    /// <summary>Whether it has connected; throws why it could not.</summary>
    public bool TryEndConnect()
    {
        if (!Writes.TryTake())
        {
            return false;
        }

        var error = (SocketError)(int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        return error is SocketError.Success ? true : throw new SocketException((int)error);
    }

    /// <summary>On a thread that polls.</summary>
    public void OnReady(Readiness ready)
    {
        const Readiness broken = Readiness.Error | Readiness.HungUp;
        _isEnding |= (ready & (broken | Readiness.PeerShutdown)) != 0;
        if ((ready & (broken | Readiness.Write)) != 0)
        {
            Writes.Signal(RunsInline);
        }

        if ((ready & (broken | Readiness.Read | Readiness.PeerShutdown)) != 0 && !Reads.Signal(RunsInline)
            && _isEnding && _ended is not null && IsAtEnd((ready & broken) != 0))
        {
            _ended();
        }
    }

    /// <summary>
    /// Bytes received, 0 at the end; or -1 when there are none now: then wait. Otherwise throws what went wrong.
    /// </summary>
    public int TryReceive(Span<byte> buffer)
    {
        if (!Reads.TryTake())
        {
            return -1;
        }

        int count;
        SocketError error;
        lock (_gate)
        {
            if (_ahead.Length > 0)
            {
                count = TakeAhead(buffer);
                error = SocketError.Success;
            }
            else
            {
                count = _socket.Receive(buffer, SocketFlags.None, out error);
            }
        }

        if (error is SocketError.WouldBlock)
        {
            return -1;
        }

        // One that filled less has emptied the socket; the end of the stream is not shown again.
        if (count == buffer.Length || _isEnding)
        {
            Reads.Signal(RunsInline);
        }

        return error is SocketError.Success ? count : throw new SocketException((int)error);
    }

    /// <summary>Bytes sent, -1 when there is no room now: then wait.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        // Taken first: what becomes free meanwhile is a readiness of its own.
        Writes.TryTake();
        var count = _socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => count,
            SocketError.WouldBlock => -1,
            _ => throw new SocketException((int)error),
        };
    }

    /// <summary>Whoever waits is told this, and the peer that it is over.</summary>
    public void Abort(Exception why)
    {
        // First: the end that the shutdown brings would be told in its place.
        Reads.Fail(why);
        Writes.Fail(why);
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The peer was sooner.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _poller.Forget(this);
        _socket.Dispose();
        ObjectDisposedException closed = new(nameof(PolledSocket));
        Reads.Fail(closed);
        Writes.Fail(closed);
    }

    private int TakeAhead(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _ahead.Length - _aheadStart);
        _ahead.AsSpan(_aheadStart, count).CopyTo(buffer);
        _aheadStart += count;
        if (_aheadStart == _ahead.Length)
        {
            (_ahead, _aheadStart) = ([], 0);
        }

        return count;
    }

    /// <summary>Null: it was closed here meanwhile, by a thread that does not poll; nobody asks for its end.</summary>
    private int? Receive(byte[] buffer, out SocketError error)
    {
        error = SocketError.Success;
        try
        {
            return _socket.Receive(buffer, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    // What was sent before the end is kept for who reads it later.
    private bool IsAtEnd(bool isBroken)
    {
        lock (_gate)
        {
            while (!isBroken && _ahead.Length < AheadMax)
            {
                var more = new byte[4096];
                if (Receive(more, out var error) is not { } count || error is SocketError.WouldBlock)
                {
                    return false;
                }

                if (count <= 0 || error is not SocketError.Success)
                {
                    return true;
                }

                _ahead = [.. _ahead.AsSpan(_aheadStart), .. more.AsSpan(0, count)];
                _aheadStart = 0;
            }

            return isBroken;
        }
    }
}
