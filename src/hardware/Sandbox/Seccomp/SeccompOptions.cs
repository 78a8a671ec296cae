namespace Analemma.Sandbox.Seccomp;

/// <summary>What of the profile differs from sandbox to sandbox.</summary>
public sealed record SeccompOptions
{
    /// <summary>Every open for reading is seen by the listener too, at 15 to 20 microseconds each.</summary>
    public bool AuditReads { get; init; }

    /// <summary>The sandbox has a network, so that connecting is nothing to report.</summary>
    public bool Network { get; init; }

    /// <summary>
    /// For a command that is filtered first and enters the sandbox then: setns(2) is left to it, which without a
    /// capability fails by itself.
    /// </summary>
    public bool Entering { get; init; }

    /// <summary>The listener's socket. Null: what is refused fails just the same, but nothing is reported.</summary>
    public string? ListenerPath { get; init; }

    /// <summary>Comes with the notify descriptor, so that the listener knows whose it is: the sandbox's key.</summary>
    public string? ListenerMetadata { get; init; }

    internal bool Has(string name) => name switch
    {
        "auditReads" => AuditReads,
        "network" => Network,
        "entering" => Entering,
        _ => throw new ArgumentException($"the seccomp profile names the unknown option '{name}'", nameof(name)),
    };
}
