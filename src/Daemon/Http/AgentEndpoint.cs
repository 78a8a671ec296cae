using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Analemma.Linux;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>
/// The listening sockets inside one sandbox: whoever connects is that sandbox's agent, or will be, when it is warm and
/// nobody yet. Disposing it stops listening; its connections end with the sandbox.
/// </summary>
internal sealed class AgentEndpoint : HttpOrigin, IDisposable
{
    private const int AcceptsMax = 16;

    private static readonly byte[] TooMany = System.Text.Encoding.ASCII.GetBytes(
        "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 36\r\n\r\n"
        + "too many connections from this agent");

    private readonly Lock _gate = new();
    private readonly AgentEndpoints _all;
    private readonly string _key;
    private readonly IReadOnlyList<TcpListenSocket> _sockets;
    private readonly IDisposable?[] _watches;
    private ITimer? _backoff;
    private HttpCaller? _caller;
    private int _connections;
    private bool _closed;

    public AgentEndpoint(AgentEndpoints all, IReadOnlyList<TcpListenSocket> sockets, string key)
    {
        (_all, _sockets, _key) = (all, sockets, key);
        _watches = new IDisposable?[sockets.Count];
        lock (_gate)
        {
            Watch();
        }
    }

    /// <summary>Says who the agent is from now on.</summary>
    public void Bind(HttpCaller caller) => Volatile.Write(ref _caller, caller);

    public override HttpCaller? CallerOf(HttpRequest request, out SysError? refusal)
    {
        var caller = Volatile.Read(ref _caller);
        refusal = caller is null ? new SysError(SysErrorCode.WrongState, "this sandbox is nobody yet") : null;
        return caller;
    }

    public override void Left() => Interlocked.Decrement(ref _connections);

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
            _watches[i] = _all.Watcher.Watch(socket.Number, Watcher.In, _ => OnReady(socket));
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

    // On the watcher's thread. The watch may end while this runs: the socket is looked at under the gate.
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
        if ((int)accepted.DangerousGetHandle() >= _all.DescriptorMax)
        {
            accepted.Dispose();
        }
        else if (!TryCount(ref _connections, HttpLimits.ConnectionsPerAgentMax))
        {
            Refuse(accepted);
        }
        else
        {
            _all.Server.Enter(accepted, this);
        }
    }

    // It has just been accepted, so that so little fits into its buffer.
    private static void Refuse(SafeSocketHandle accepted)
    {
        try
        {
            using Socket socket = new(accepted);
            socket.Send(TooMany);
        }
        catch (SocketException)
        {
            // It has gone by itself.
            accepted.Dispose();
        }
    }

    // No descriptor or memory is left.
    private void BackOff(int errno)
    {
        _all.Log.AcceptFailed(_key, errno, HttpLimits.AcceptBackoff);
        Unwatch();
        _backoff ??= _all.Time.CreateTimer(_ => Resume(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
