using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Network;

/// <summary>
/// HTTP as the kernel's own proxy asks it for the agent that speaks to it. It is no call of the wire: its headers and
/// bodies stay with the connection, and the kernel decides by what is here.
/// </summary>
public sealed record Relay : Syscall
{
    public override SyscallNumber Number => SyscallNumber.Http;

    /// <summary>An absolute URL; with a tunnel HOST:PORT.</summary>
    public required string Target { get; init; }

    public required string Method { get; init; }

    /// <summary>A tunnel, for CONNECT.</summary>
    public bool IsTunnel { get; init; }

    /// <summary>What the request says that its body has, when it says so.</summary>
    public long? BodyBytes { get; init; }

    /// <summary>Without the query.</summary>
    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Method = ").Append(Method).Append(", IsTunnel = ").Append(IsTunnel);
        return true;
    }
}
