using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Sockets;

/// <summary>Who is behind a socket of its own: what HELLO answers, and what the kernel takes a caller for.</summary>
public sealed record AgentIdentity(ProcessId Process, string? Name = null, ResourceLimits? Limits = null)
{
    /// <summary>Clients on the host, told apart by their peer credentials only.</summary>
    public static AgentIdentity Host { get; } = new(ProcessId.None, "host");

    /// <summary>A warm sandbox that is nobody yet: it may only claim what it is to be.</summary>
    public static AgentIdentity Unclaimed { get; } = new(ProcessId.None, "unclaimed");
}

/// <summary>The answer to HELLO, which needs nothing of the kernel's state.</summary>
internal static class Greeting
{
    private static readonly string[] Features = ["stream", "cancel", "chunked-bodies", "raw", "handles"];

    public static HelloReply For(Connection connection)
    {
        var identity = connection.Identity;
        return new HelloReply(AbiLimits.Version, connection.Server.Options.KernelVersion, identity.Process)
        {
            Name = identity.Name,
            Limits = identity.Limits,
            Features = Features,
        };
    }
}
