using System.Net;
using System.Net.Sockets;
using Analemma.Daemon.Http.Transport;

namespace Analemma.Unit.Tests.Daemon.Http.Transport;

/// <summary>A poller, and both ends of connections that it waits for.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public Wire()
    {
        Poller = new SocketPoller(wrong => Failed = wrong);
        _listener.Start();
    }

    public SocketPoller Poller { get; }

    /// <summary>What a thread that polls has thrown.</summary>
    public Exception? Failed { get; private set; }

    public DnsEndPoint Address => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    /// <summary>A connection that we were asked for, and the plain socket that asked.</summary>
    public async Task<(PolledConnection Ours, Socket Peer)> AcceptAsync()
    {
        Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(_listener.LocalEndpoint);
        return (new PolledConnection(Poller, await _listener.AcceptSocketAsync()), peer);
    }

    /// <summary>A connection that we asked for, and the one that we were asked for.</summary>
    public async Task<(Stream Client, PolledConnection Server)> ConnectAsync(CancellationToken cancellationToken)
    {
        var client = await PolledClient.ConnectAsync(Poller, Address, cancellationToken);
        return (client, new PolledConnection(Poller, await _listener.AcceptSocketAsync(cancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await Poller.DisposeAsync();
        Assert.Null(Failed);
    }
}
