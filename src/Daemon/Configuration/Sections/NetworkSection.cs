using System.Net;
using Analemma.Daemon.Configuration.Providers;
using Analemma.Daemon.Runners.Network;
using Analemma.Kernel.Network;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[network]</c> section: how the kernel finds the hosts that agents' rules name.</summary>
internal sealed record NetworkSection
{
    [Setting("Addresses of hosts, before anybody is asked: `api.internal=10.0.0.5, db.internal=10.0.0.6`. A host that "
        + "is there twice has both. Rules apply to them as to any other.")]
    public string Hosts { get; init; } = "";

    [Setting("Whether other hosts are looked up by the host's resolver; if not, they have no address.")]
    public bool Resolver { get; init; } = true;

    public IEnumerable<string> Problems()
    {
        foreach (var item in NamedValues.Names(Hosts))
        {
            if (Entry(item) is null)
            {
                yield return $"network.hosts has '{item}'; each item is HOST=ADDRESS";
            }
        }
    }

    public HostAddresses ToAddresses() => new(
        NamedValues.Names(Hosts).Select(Entry)
            .OfType<(string Host, IPAddress Address)>()
            .GroupBy(entry => entry.Host, entry => entry.Address, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key, group => (IReadOnlyList<IPAddress>)[.. group], StringComparer.Ordinal),
        Resolver);

    private static (string Host, IPAddress Address)? Entry(string item) =>
        item.Split('=', StringSplitOptions.TrimEntries) is [var name, var written]
        && HostName.Parse(name, out _) is { Address: null } host
        && IPAddress.TryParse(written, out var address)
            ? (host.Text, address) : null;
}
