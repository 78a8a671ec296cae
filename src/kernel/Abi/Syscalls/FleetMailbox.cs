namespace Analemma.Abi.Syscalls;

/// <summary>A mailbox of a fleet, as REGISTER makes them; there from the fleet's declaration on.</summary>
public sealed record FleetMailbox
{
    /// <summary>Unique in the kernel.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether messages are on disk before their SEND is answered. Default true.</summary>
    public bool? Durable { get; init; }

    /// <summary>The agent of the fleet that receives, one without replicas; default clients on the host.</summary>
    public string? Receiver { get; init; }

    /// <summary>Topics whose broadcasts come to it.</summary>
    public IReadOnlyList<string>? Topics { get; init; }

    /// <summary>How many messages it holds; as in REGISTER.</summary>
    public int? MaxMessages { get; init; }

    /// <summary>How many bytes it holds.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How long a receiver has until what it did not acknowledge comes again.</summary>
    public long? VisibilityMs { get; init; }

    /// <summary>How often a message is given out before it is a dead letter.</summary>
    public int? MaxDeliveries { get; init; }
}
