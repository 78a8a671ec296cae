namespace Analemma.Daemon.Configuration.Sections;

/// <summary>
/// The <c>[endpoint]</c> section of the machine file: the APIs of model providers for programs on the host. Agents have
/// them inside their sandboxes, without any of this.
/// </summary>
internal sealed record EndpointSection
{
    private const int PortMax = 65_535;

    [Setting("Whether the kernel listens on the host's loopback address from its start; else it does so when "
        + "`analemma endpoint` first asks.")]
    public bool Listen { get; init; }

    [Setting("The port on 127.0.0.1; 0 for one that is free.")]
    public int Port { get; init; }

    public IEnumerable<string> Problems()
    {
        if (Port is < 0 or > PortMax)
        {
            yield return $"endpoint.port is {Port}; it must be 0 to {PortMax}";
        }
    }
}
