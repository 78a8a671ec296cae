using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Analemma.Daemon.Http.Transport;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Daemon.Http;

/// <summary>
/// Kestrel's transport: connections that were accepted elsewhere, each with its origin. Their number is bounded by who
/// accepts them.
/// </summary>
internal sealed class AcceptedConnections(Lazy<SocketPoller> poller) : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<(SafeSocketHandle Socket, HttpOrigin Origin)> _waiting =
        Channel.CreateUnbounded<(SafeSocketHandle, HttpOrigin)>(new UnboundedChannelOptions { SingleReader = true });

    public EndPoint EndPoint { get; } = new AcceptedEndPoint();

    /// <summary>Takes a connection in; what comes after the end is closed.</summary>
    public void Add(SafeSocketHandle socket, HttpOrigin origin)
    {
        if (!_waiting.Writer.TryWrite((socket, origin)))
        {
            socket.Dispose();
            origin.Left();
        }
    }

    /// <summary>Takes no further ones.</summary>
    public void Close() => _waiting.Writer.TryComplete();

    public ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_waiting.Reader.TryRead(out var accepted))
            {
                if (TryMake(accepted.Socket, accepted.Origin) is { } connection)
                {
                    return connection;
                }
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Close();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        while (_waiting.Reader.TryRead(out var accepted))
        {
            accepted.Socket.Dispose();
            accepted.Origin.Left();
        }

        return default;
    }

    // Null when the peer has gone already.
    private PolledConnection? TryMake(SafeSocketHandle handle, HttpOrigin origin)
    {
        try
        {
            // The connection owns it, and closes it.
            var connection = new PolledConnection(poller.Value, new Socket(handle) { NoDelay = true });
            connection.Features.Set(origin);
            connection.ConnectionClosed.Register(static state => ((HttpOrigin)state!).Left(), origin);
            return connection;
        }
        catch (SocketException)
        {
            handle.Dispose();
            origin.Left();
            return null;
        }
    }
}
