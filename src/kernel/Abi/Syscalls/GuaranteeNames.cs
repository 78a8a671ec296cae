namespace Analemma.Abi.Syscalls;

/// <summary>The names of the guarantees, as STATUS lists them and as SPAWN's <c>require</c> takes them.</summary>
public static class GuaranteeNames
{
    /// <summary>Memory limit with swap off, OOM kills seen.</summary>
    public const string Memory = "memory";

    /// <summary>Limit on processes and threads, hits seen.</summary>
    public const string Pids = "pids";

    /// <summary>CPU quota and weight, throttling seen.</summary>
    public const string Cpu = "cpu";

    /// <summary>Pause and resume of a whole sandbox.</summary>
    public const string Freezer = "freezer";

    /// <summary>Read-only minimal root, private /work and /tmp of bounded size.</summary>
    public const string Filesystem = "filesystem";

    /// <summary>No route, no host socket.</summary>
    public const string Network = "network";

    /// <summary>Own pid namespace: other processes cannot be seen, signalled or traced.</summary>
    public const string Processes = "processes";

    /// <summary>The seccomp allow-list.</summary>
    public const string Seccomp = "seccomp";

    /// <summary>Own user namespace; root inside is nobody outside.</summary>
    public const string UserNamespace = "user-namespace";

    /// <summary>A uid of its own, that no other agent has.</summary>
    public const string Uid = "uid";

    /// <summary>Denied attempts are reported as events.</summary>
    public const string Denials = "denials";

    /// <summary>All of them, in the order in which they are listed.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Memory, Pids, Cpu, Freezer, Filesystem, Network, Processes, Seccomp, UserNamespace, Uid, Denials];
}
