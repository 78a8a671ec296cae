using System.Net;
using System.Net.Sockets;

namespace Analemma.Daemon.Http.Transport;

/// <summary>Connects to servers, for an HTTP client to speak to them on connections that are polled.</summary>
internal static class PolledClient
{
    /// <summary>Connects to the first of a name's addresses that takes it.</summary>
    /// <exception cref="SocketException">None does, or the name has none.</exception>
    public static async ValueTask<Stream> ConnectAsync(
        SocketPoller poller, DnsEndPoint server, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(server.Host, out var address)
            ? [address]
            : await Dns.GetHostAddressesAsync(server.Host, cancellationToken);
        SocketException? refused = null;
        foreach (var each in addresses)
        {
            try
            {
                return await ConnectAsync(poller, new IPEndPoint(each, server.Port), cancellationToken);
            }
            catch (SocketException failed)
            {
                refused = failed;
            }
        }

        throw refused ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<PolledStream> ConnectAsync(
        SocketPoller poller, IPEndPoint server, CancellationToken cancellationToken)
    {
        PolledSocket socket = new(
            poller, new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            RunsInline = false,
        };
        try
        {
            socket.BeginConnect(server);
            while (!socket.TryEndConnect())
            {
                await socket.Writes.WaitAsync(cancellationToken);
            }

            return new PolledStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
