using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Analemma.Daemon.Http.Transport;

/// <summary>A connection that was accepted, for the HTTP server to speak through.</summary>
internal sealed class PolledConnection : ConnectionContext, IDuplexPipe, IConnectionIdFeature,
    IConnectionTransportFeature, IConnectionItemsFeature, IConnectionLifetimeFeature
{
    private readonly CancellationTokenSource _closed = new();
    private readonly PolledSocket _socket;
    private readonly PolledInput _input;
    private readonly PolledOutput _output;
    private int _isClosed;

    public PolledConnection(SocketPoller poller, Socket socket)
    {
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        _socket = new PolledSocket(poller, socket, Close);
        _input = new PolledInput(_socket, Close);
        _output = new PolledOutput(_socket, Close);
        Transport = this;
        ConnectionClosed = _closed.Token;
        Features.Set(this);
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        _socket.Watch();
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    /// <summary>
    /// Whoever waits for the connection goes on where it is polled, which must not be held; else on the pool.
    /// </summary>
    public bool RunsInline
    {
        get => _socket.RunsInline;
        set => _socket.RunsInline = value;
    }

    /// <summary>Goes on on a thread of the pool, now and whenever it waits for the connection.</summary>
    public async Task LeaveAsync()
    {
        RunsInline = false;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _socket.Abort(abortReason);
        Close();
    }

    public override void Abort() => Abort(new ConnectionAbortedException());

    public override async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _output.CompleteAsync();
        _socket.Abort(new ConnectionAbortedException());
        _socket.Dispose();
        Close();
        await base.DisposeAsync();
    }

    // On the pool: whoever is told does what it takes.
    private void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        }
    }
}
