using System.Net.Sockets;
using Analemma.Daemon.Sockets;
using Analemma.Linux;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Http;

/// <summary>What all that accept share.</summary>
/// <param name="Watcher">The one thread that waits for all of them; started when first needed.</param>
/// <param name="DescriptorMax">
/// A connection with a higher descriptor is closed: the rest of the kernel needs some too.
/// </param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Told when nothing can be accepted.</param>
internal sealed record AcceptorOptions(Lazy<Watcher> Watcher, int DescriptorMax, TimeProvider Time, ILogger Log);

/// <summary>Accepts what connects to some sockets until it is disposed, which closes them.</summary>
internal sealed class Acceptor : IDisposable
{
    private const int AcceptsMax = 16;

    private readonly Lock _gate = new();
    private readonly AcceptorOptions _options;
    private readonly IReadOnlyList<TcpListenSocket> _sockets;
    private readonly string _name;
    private readonly Action<SafeSocketHandle> _take;
    private readonly IDisposable?[] _watches;
    private ITimer? _backoff;
    private bool _closed;

    /// <param name="options">What all share.</param>
    /// <param name="sockets">What it listens on, and owns.</param>
    /// <param name="name">Says in the log whose they are.</param>
    /// <param name="take">Takes each connection, on the thread of all, and must not hold it.</param>
    public Acceptor(
        AcceptorOptions options,
        IReadOnlyList<TcpListenSocket> sockets,
        string name,
        Action<SafeSocketHandle> take)
    {
        (_options, _sockets, _name, _take) = (options, sockets, name, take);
        _watches = new IDisposable?[sockets.Count];
        lock (_gate)
        {
            Watch();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Unwatch();
            _backoff?.Dispose();
        }

        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private void Watch()
    {
        for (var i = 0; i < _sockets.Count && !_closed; i++)
        {
            var socket = _sockets[i];
            _watches[i] = _options.Watcher.Value.Watch(socket.Number, Watcher.In, _ => OnReady(socket));
        }
    }

    private void Unwatch()
    {
        for (var i = 0; i < _watches.Length; i++)
        {
            _watches[i]?.Dispose();
            _watches[i] = null;
        }
    }

    // The watch may end while this runs: the socket is looked at under the gate.
    private void OnReady(TcpListenSocket socket)
    {
        lock (_gate)
        {
            for (var i = 0; i < AcceptsMax && !_closed; i++)
            {
                if (socket.TryAccept(out var errno) is { } accepted)
                {
                    Take(accepted);
                    continue;
                }

                if (errno is not (Errno.EAGAIN or Errno.EINTR or Errno.ECONNABORTED))
                {
                    BackOff(errno);
                }

                return;
            }
        }
    }

    private void Take(SafeSocketHandle accepted)
    {
        if ((int)accepted.DangerousGetHandle() >= _options.DescriptorMax)
        {
            accepted.Dispose();
        }
        else
        {
            try
            {
                _take(accepted);
            }
            catch (Exception wrong)
            {
                // On the watcher's thread: one that cannot be served is nobody else's trouble.
                accepted.Dispose();
                _options.Log.ListenerFailed(wrong, _name);
            }
        }
    }

    // No descriptor or memory is left.
    private void BackOff(int errno)
    {
        _options.Log.AcceptFailed(_name, errno, HttpLimits.AcceptBackoff);
        Unwatch();
        _backoff ??= _options.Time.CreateTimer(
            _ => Resume(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _backoff.Change(HttpLimits.AcceptBackoff, Timeout.InfiniteTimeSpan);
    }

    private void Resume()
    {
        lock (_gate)
        {
            Unwatch();
            Watch();
        }
    }
}
