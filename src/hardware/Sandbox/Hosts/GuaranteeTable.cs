using Analemma.Abi.Syscalls;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Sandbox.Hosts;

/// <summary>
/// What an engine gives on this host, in words: for each guarantee the mechanism, or the reason why not and the remedy.
/// Decides from what the probe found; touches nothing.
/// </summary>
internal sealed record GuaranteeTable(
    string Engine, ICgroupTree Cgroups, IReadOnlyList<string> Namespaces, bool IsSingleUid)
{
    private const string CgroupRemedy =
        "run the kernel as root; or as a systemd service with Delegate=yes (v2); or give its user a cgroup in each "
        + "hierarchy and name it in sandbox.cgroup (v1)";

    private const string NotAsked = "asked to run without a sandbox";

    /// <summary>What this engine does not give, wherever it runs: why, and what to do.</summary>
    public IReadOnlyDictionary<string, EngineLack> Lacks { get; init; } = EngineLack.None;

    /// <summary>A folder above the state folder that agents' uids cannot pass.</summary>
    public string? Blocked { get; init; }

    /// <summary>Whether agents have an init for their parent.</summary>
    public bool HasInit { get; init; }

    private bool IsUnsandboxed => Namespaces.Count == 0;

    public EngineReport Report() => new(
        Engine,
        Cgroups.Version,
        [.. Found().Select(found => Lacks.GetValueOrDefault(found.Name)?.Missing(found.Name) ?? found)]);

    private List<Guarantee> Found() =>
    [
        Cgroup(GuaranteeNames.Memory, "memory limit, swap off"),
        Cgroup(GuaranteeNames.Pids, "pids limit"),
        Cgroup(GuaranteeNames.Cpu, "cpu quota and weight"),
        Cgroup(GuaranteeNames.Freezer, "freezer"),
        Namespace(GuaranteeNames.Filesystem, "mount", "read-only root, private bounded /work and /tmp"),
        Namespace(GuaranteeNames.Network, "network", "own network namespace without a route"),
        Namespace(GuaranteeNames.Processes, "pid", HasInit
            ? "own pid namespace, with an init"
            : "own pid namespace, in which the agent is the first process"),
        new Guarantee(GuaranteeNames.Seccomp, !IsUnsandboxed)
        {
            How = IsUnsandboxed ? NotAsked : "allow-list of system calls",
        },
        Namespace(GuaranteeNames.UserNamespace, "user", "own user namespace"),
        Uid(),
        new Guarantee(GuaranteeNames.Denials, Enforced: true) { How = "seccomp user notification" },
    ];

    private Guarantee Cgroup(string name, string how) => Cgroups.Lack(name) is { } reason
        ? new Guarantee(name, Enforced: false) { How = reason, Remedy = CgroupRemedy }
        : new Guarantee(name, Enforced: true) { How = $"cgroup {Cgroups.Version}: {how}" };

    private Guarantee Uid() => new(GuaranteeNames.Uid, !IsSingleUid && !IsUnsandboxed)
    {
        How = IsUnsandboxed ? NotAsked
            : IsSingleUid ? "an ordinary user has one uid, which all agents share" : "a host uid for each agent",
        Remedy = IsSingleUid && !IsUnsandboxed ? "run the kernel as root" : null,
    };

    private Guarantee Namespace(string name, string needed, string how) => Namespaces.Contains(needed)
        ? new Guarantee(name, Enforced: true) { How = how }
        : IsUnsandboxed ? new Guarantee(name, Enforced: false) { How = NotAsked }
        : Blocked is not null && needed == "user" ? new Guarantee(name, Enforced: false)
        {
            How = $"agents' uids cannot pass {Blocked}, in which the state folder is",
            Remedy = UserNamespaceSettings.RemedyFor(Blocked),
        }
        : new Guarantee(name, Enforced: false)
        {
            How = $"a sandbox with a {needed} namespace of its own did not work here",
            Remedy = "sysctl user.max_user_namespaces=65536; on Ubuntu also "
                + "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        };
}
