using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Sockets;

/// <summary>Who is behind a socket of its own: what HELLO answers, and what the kernel takes a caller for.</summary>
public sealed record AgentIdentity(ProcessId Process, string? Name = null, ResourceLimits? Limits = null)
{
    /// <summary>Clients on the host, told apart by their peer credentials only.</summary>
    public static AgentIdentity Host { get; } = new(ProcessId.None, "host");

    /// <summary>
    /// A warm sandbox that is nobody yet: it may only claim what it is to be. No process has its number, least of all
    /// the host.
    /// </summary>
    public static AgentIdentity Unclaimed { get; } = new(new ProcessId(-1), "unclaimed");
}

/// <summary>The answer to HELLO, which needs nothing of the kernel's state.</summary>
internal static class Greeting
{
    private static readonly string[] Features = ["stream", "cancel", "chunked-bodies", "raw", "handles", "quiet"];

    public static HelloReply For(Connection connection)
    {
        var identity = connection.Identity;
        var process = identity.Process == AgentIdentity.Unclaimed.Process ? ProcessId.None : identity.Process;
        return new HelloReply(AbiLimits.Version, connection.Server.Options.KernelVersion, process)
        {
            Name = identity.Name,
            Limits = identity.Limits,
            Features = Features,
        };
    }
}
