using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Daemon.Sockets;

/// <summary>
/// One listening socket and its connections, all of one identity: the host's, or one agent's. Closing it closes them.
/// </summary>
internal sealed class SocketListener : IReady
{
    private const int AcceptsMax = 64;

    /// <summary>Connections over a limit that are kept for the moment that it takes to tell them so.</summary>
    private const int RefusedMax = 64;

    private static readonly TimeSpan AcceptBackoff = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly HashSet<Connection> _connections = [];
    private readonly UnixSocket _socket;
    private readonly IoThread _io;
    private readonly string _path;
    private Action<SyscallCall>? _claim;
    private AgentIdentity _identity;
    private ITimer? _backoff;
    private int _refused;
    private bool _closed;

    public SocketListener(
        SyscallServer server, IoThread io, UnixSocket socket, string path, AgentIdentity identity, ByteBudget budget,
        Action<SyscallCall>? claim)
    {
        (Server, _io, _socket, _path, _identity, Budget, _claim) = (server, io, socket, path, identity, budget, claim);
        io.Reactor.Post(() => io.Reactor.Watch(socket, this, Readiness.Read), this);
    }

    public SyscallServer Server { get; }

    public ByteBudget Budget { get; }

    /// <summary>Whoever speaks here. A warm slot becomes its agent when it is claimed.</summary>
    public AgentIdentity Identity
    {
        get => Volatile.Read(ref _identity);
        set => Volatile.Write(ref _identity, value);
    }

    /// <summary>Whether anybody on the host may connect here; else one agent.</summary>
    public bool IsHost => ReferenceEquals(Identity, AgentIdentity.Host);

    public void OnReady(Readiness ready)
    {
        for (var i = 0; i < AcceptsMax; i++)
        {
            if (_socket.TryAccept(out var errno) is { } accepted)
            {
                Take(accepted);
                continue;
            }

            if (errno is not (Errno.EAGAIN or Errno.EINTR or Errno.ECONNABORTED))
            {
                // No descriptor or memory is left: looking again at once would only spin.
                Server.Log.AcceptFailed(_path, errno, AcceptBackoff);
                BackOff();
            }

            return;
        }
    }

    /// <summary>Waits for a moment: what went wrong once would go wrong again at once.</summary>
    public void OnFault(Exception wrong)
    {
        Server.Log.ListenerFailed(wrong, _path);
        if (!_socket.IsClosed)
        {
            BackOff();
        }
    }

    /// <summary>Hands a call to the kernel, or a warm interpreter's CLAIM to its pool.</summary>
    public void Submit(SyscallCall call)
    {
        if (call.Syscall is Claim)
        {
            if (Interlocked.Exchange(ref _claim, null) is { } claim)
            {
                claim(call);
            }
            else
            {
                call.Fail(SysError.PermissionDenied("only a warm sandbox's interpreter may claim, and only once"));
            }
        }
        else if (call.Peer.Process == AgentIdentity.Unclaimed.Process)
        {
            call.Fail(new SysError(SysErrorCode.WrongState, "this sandbox is nobody yet", "CLAIM first"));
        }
        else
        {
            Server.Sink.Submit(call);
        }
    }

    public void Forget(Connection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            _refused -= connection.IsRefused ? 1 : 0;
        }

        if (!connection.IsRefused)
        {
            Server.Disconnected(connection);
        }
    }

    /// <summary>Stops listening and closes the connections. Any thread; done soon.</summary>
    public void Close()
    {
        Connection[] connections;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            connections = [.. _connections];
        }

        Server.Remove(this);
        RemoveFile();
        _io.Reactor.Post(() =>
        {
            _backoff?.Dispose();
            _io.Reactor.Forget(_socket);
            _socket.Dispose();
        }, this);
        foreach (var connection in connections)
        {
            connection.Io.Reactor.Post(connection.Close, connection);
        }
    }

    private void RemoveFile()
    {
        try
        {
            File.Delete(_path);
        }
        catch (DirectoryNotFoundException)
        {
            // The sandbox has taken its folder with it.
        }
    }

    private void Take(UnixSocket accepted)
    {
        PeerCredentials credentials;
        try
        {
            credentials = accepted.Credentials();
        }
        catch
        {
            accepted.Dispose();
            throw;
        }

        var io = Server.NextIo();
        lock (_gate)
        {
            var refusal = accepted.Number < Server.DescriptorMax ? Refusal(credentials.Uid) : OutOfDescriptors;
            if (_closed || (refusal is not null && _refused >= RefusedMax))
            {
                accepted.Dispose();
                return;
            }

            var connection = new Connection(this, io, accepted, credentials, Server.NextConnection(), refusal);
            _connections.Add(connection);
            if (refusal is null)
            {
                Server.Connected(connection);
            }
            else
            {
                _refused++;
            }

            io.Reactor.Post(connection.Start, connection);
        }
    }

    private SysError? Refusal(uint uid)
    {
        var (open, most) = IsHost
            ? (Server.ConnectionsOf(uid), Server.Options.ConnectionsPerUserMax)
            : (_connections.Count - _refused, Server.Options.ConnectionsPerAgentMax);
        return open < most
            ? null
            : new SysError(
                SysErrorCode.LimitExceeded,
                $"there are {open} connections already, the most for one {(IsHost ? "user" : "agent")}",
                "use one connection for many requests, and close those that are done");
    }

    private static SysError OutOfDescriptors => new(
        SysErrorCode.LimitExceeded,
        "the kernel has as many files and connections open as it may",
        "close connections that are done, or raise the kernel's limit on open files");

    private void BackOff()
    {
        _io.Reactor.Change(_socket, Readiness.None);
        _backoff ??= Server.Time.CreateTimer(
            _ => _io.Reactor.Post(ResumeAccepting, this), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _backoff.Change(AcceptBackoff, Timeout.InfiniteTimeSpan);
    }

    private void ResumeAccepting()
    {
        if (!_socket.IsClosed)
        {
            _io.Reactor.Change(_socket, Readiness.Read);
        }
    }
}
