using System.Buffers;
using Analemma.Daemon.Http.Transport;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Daemon.Http;

/// <summary>Looks at the first bytes of a connection, and hands it to whom they are for: else to HTTP.</summary>
internal static class ConnectionGate
{
    public static async Task ServeAsync(
        ConnectionContext connection, IReadOnlyList<IConnectionService> services, ConnectionDelegate http)
    {
        if (await TakerAsync(connection, services) is { } service)
        {
            if (connection is PolledConnection polled)
            {
                await polled.LeaveAsync();
            }

            await service.ServeAsync(connection);
            return;
        }

        await http(connection);
    }

    private static async Task<IConnectionService?> TakerAsync(
        ConnectionContext connection, IReadOnlyList<IConnectionService> services)
    {
        var most = services.Max(service => service.StartBytesMax);
        using var patience = new CancellationTokenSource(HttpLimits.HeadersTimeout, TimeProvider.System);
        while (true)
        {
            var read = await ReadAsync(connection, patience.Token);
            var isAll = read.IsCompleted || read.Buffer.Length >= most;
            var taker = Taker(services, read.Buffer.Slice(0, Math.Min(most, read.Buffer.Length)), isAll);
            connection.Transport.Input.AdvanceTo(
                read.Buffer.Start, taker.IsKnown ? read.Buffer.Start : read.Buffer.End);
            if (taker.IsKnown)
            {
                return taker.Service;
            }
        }
    }

    private static async ValueTask<System.IO.Pipelines.ReadResult> ReadAsync(
        ConnectionContext connection, CancellationToken patience)
    {
        try
        {
            return await connection.Transport.Input.ReadAsync(patience);
        }
        catch (OperationCanceledException)
        {
            throw new ConnectionAbortedException("nothing was sent in time");
        }
    }

    private static (bool IsKnown, IConnectionService? Service) Taker(
        IReadOnlyList<IConnectionService> services, ReadOnlySequence<byte> start, bool isAll)
    {
        var bytes = start.ToArray();
        var isKnown = true;
        foreach (var service in services)
        {
            var takes = service.Takes(bytes.AsSpan(0, Math.Min(bytes.Length, service.StartBytesMax)));
            if (takes == true && isKnown)
            {
                return (true, service);
            }

            isKnown &= takes is not null;
        }

        return (isKnown || isAll, null);
    }
}
