using System.Net;
using System.Net.Sockets;

namespace Analemma.Models.Http.Plain;

/// <summary>Connections to one provider, which rest between calls: as many as there were calls at once.</summary>
internal sealed class PlainConnections(
    Func<DnsEndPoint, CancellationToken, ValueTask<Stream>> connect,
    DnsEndPoint server,
    TimeSpan connectTimeout,
    TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan LifeMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RestMax = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();

    // The one that rests for the longest first.
    private readonly List<PlainConnection> _resting = [];
    private ITimer? _sweep;
    private bool _isClosed;

    /// <summary>The one that was used last, if the server has kept it; else a new one.</summary>
    public ValueTask<PlainConnection> TakeAsync(CancellationToken cancellationToken)
    {
        while (TryTake() is { } resting)
        {
            if (resting.IsFresh(LifeMax, RestMax))
            {
                return new(resting);
            }

            resting.Dispose();
        }

        return ConnectAsync(cancellationToken);
    }

    public void Dispose()
    {
        PlainConnection[] all;
        lock (_gate)
        {
            _isClosed = true;
            all = [.. _resting];
            _resting.Clear();
            _sweep?.Dispose();
        }

        foreach (var connection in all)
        {
            connection.Dispose();
        }
    }

    private PlainConnection? TryTake()
    {
        lock (_gate)
        {
            if (_resting.Count == 0)
            {
                return null;
            }

            var latest = _resting[^1];
            _resting.RemoveAt(_resting.Count - 1);
            return latest;
        }
    }

    private async ValueTask<PlainConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        using Deadline deadline = new(time);
        try
        {
            var stream = await deadline.WaitAsync(
                connectTimeout, "a connection", token => connect(server, token), cancellationToken);
            return new PlainConnection(stream, time, Rest);
        }
        catch (ProviderFault late)
        {
            throw new ProviderFault(
                ModelCallReason.TimedOut, $"no connection within {connectTimeout.TotalSeconds:0.###} s", late);
        }
        catch (SocketException refused)
        {
            var isName = refused.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData
                or SocketError.TryAgain;
            throw new ProviderFault(
                ModelCallReason.Unreachable,
                isName ? "the host's name has no address" : "the connection was refused or lost",
                refused);
        }
    }

    private void Rest(PlainConnection connection)
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _resting.Add(connection);
                if (_resting.Count == 1)
                {
                    _sweep ??= time.CreateTimer(
                        _ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    _sweep.Change(RestMax, Timeout.InfiniteTimeSpan);
                }

                return;
            }
        }

        connection.Dispose();
    }

    // Those that the server has ended, and those that nobody seems to need.
    private void Sweep()
    {
        List<PlainConnection> old;
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            old = _resting.FindAll(each => !each.IsFresh(LifeMax, RestMax));
            _resting.RemoveAll(old.Contains);
            if (_resting.Count > 0)
            {
                _sweep!.Change(RestMax, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var connection in old)
        {
            connection.Dispose();
        }
    }
}
