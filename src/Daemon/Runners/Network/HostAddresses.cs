using System.Net;
using System.Net.Sockets;
using Analemma.Kernel.Network;

namespace Analemma.Daemon.Runners.Network;

/// <summary>
/// The addresses of hosts: those that the owner wrote down, else what the host's resolver says, if it may be asked.
/// </summary>
internal sealed class HostAddresses(IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> known, bool asksResolver)
{
    /// <summary>Every address of a host, in the order to try; none when it has none.</summary>
    public async Task<IReadOnlyList<IPAddress>> OfAsync(HostName host, CancellationToken cancellationToken)
    {
        if (host.Address is { } address)
        {
            return [ToIp(address)];
        }

        if (known.TryGetValue(host.Text, out var written))
        {
            return written;
        }

        if (!asksResolver)
        {
            return [];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host.Text, cancellationToken);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    public static NetAddress ToNet(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return NetAddress.Of(bytes[..length]);
    }

    private static IPAddress ToIp(NetAddress address) => IPAddress.Parse(address.ToString());
}
