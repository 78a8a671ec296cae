namespace Analemma.Sandbox.Bundles;

// THE BUNDLE
//
// What an agent sees, as an OCI config.json. Deciding it touches nothing: the same policy on the same host gives the
// same bytes.
//
//   /                  read-only, a folder of mount points that all sandboxes share
//   /usr               the host's, read-only, no setuid, no devices; /bin /sbin /lib /lib64 as the host has them
//   /etc               ours, minimal: one user, no secrets, no name servers
//   /proc              of the own pid namespace; what tells of the host is masked
//   /dev               null, zero, full, random, urandom, tty, shm
//   /tmp /work         private, bounded, in memory; /work belongs to the agent
//   /run/analemma      the agent's socket, read-only
//   /opt/analemma/python   the SDK, read-only
//
// Not there: /sys, /root, /home, /var, the host's /etc and /run. Limits are not in the bundle; the kernel's own cgroups
// hold them. The first process is our init where it could be built (Init/init.c), and its child the agent; both with no
// capability, unable to gain any, as a uid that the host knows no user by.
internal sealed record BundleHost
{
    /// <summary>The shared folder of mount points.</summary>
    public required string RootFolder { get; init; }

    /// <summary>Host folders shown read-only at the same path: /usr, and /bin and such where real folders.</summary>
    public required IReadOnlyList<string> SystemFolders { get; init; }

    public string? SdkFolder { get; init; }

    /// <summary>Whether the root has an init, for the agent's parent.</summary>
    public bool HasInit { get; init; }

    /// <summary>Namespaces that the host lets us make, by their OCI names.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    public long TmpBytes { get; init; }

    public required BundleSeccomp Seccomp { get; init; }
}

/// <summary>Who an agent is: ids inside, and the host's ids behind them.</summary>
/// <param name="Uid">The uid and gid inside.</param>
/// <param name="HostUid">The uid and gid that the host sees.</param>
/// <param name="HostRootUid">What root inside would be, were there one; used while the runtime sets up.</param>
internal sealed record AgentIdentity(uint Uid, uint HostUid, uint HostRootUid);

internal static class OciBundle
{
    public const string RunFolder = "/run/analemma";
    public const string SdkFolder = "/opt/analemma/python";
    public const uint AgentUid = 1000;

    private const long ShmBytes = 16 * 1024 * 1024;
    private const long LockedBytes = 64 * 1024;
    private const int OomScoreAdj = 500;
    private const long FilePageBytes = 4096;
    private const long WorkFilesMin = 1024;

    internal static readonly string[] Masked =
    [
        "/proc/acpi", "/proc/asound", "/proc/cmdline", "/proc/config.gz", "/proc/diskstats", "/proc/interrupts",
        "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/latency_stats",
        "/proc/modules", "/proc/partitions", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
        "/proc/timer_stats",
    ];

    private static readonly string[] ReadOnly =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static OciConfig Plan(
        BundleHost host, SandboxPolicy policy, AgentIdentity identity, string runFolder, string? cgroupsPath) => new(
        "1.0.2",
        Process(
            policy,
            identity,
            host.HasInit ? [Bundles.RootFolder.InitPath, .. policy.Argv] : policy.Argv,
            policy.Env,
            policy.Cwd,
            host.SdkFolder is not null),
        new OciRoot(host.RootFolder, Readonly: true),
        policy.HostName,
        Mounts(host, policy, identity, runFolder),
        new OciLinux(
            Namespaces(host, policy),
            Mappings(host, identity),
            Mappings(host, identity),
            Masked,
            ReadOnly,
            host.Seccomp.Section(policy),
            cgroupsPath),
        host.Seccomp.Annotations(policy));

    /// <summary>The agent's first process, or a command run beside it.</summary>
    public static OciProcess Process(
        SandboxPolicy policy,
        AgentIdentity identity,
        IReadOnlyList<string> argv,
        IReadOnlyDictionary<string, string> env,
        string cwd,
        bool hasSdk) => new(
        Terminal: false,
        new OciUser(identity.Uid, identity.Uid),
        argv,
        [.. Environment(env, hasSdk).Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)],
        cwd,
        new OciCapabilities(),
        [
            new OciRlimit("RLIMIT_CORE", 0, 0),
            new OciRlimit("RLIMIT_MEMLOCK", LockedBytes, LockedBytes),
            new OciRlimit("RLIMIT_NOFILE", policy.Limits.OpenFiles, policy.Limits.OpenFiles),

            // Behind the pids cgroup, which is to be hit first because it counts the hits.
            new OciRlimit("RLIMIT_NPROC", ProcessesMax(policy.Limits), ProcessesMax(policy.Limits)),
        ],
        NoNewPrivileges: true,
        OomScoreAdj);

    public static long ProcessesMax(SandboxLimits limits) => (limits.Pids * 2L) + 64;

    private static Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> env, bool hasSdk)
    {
        Dictionary<string, string> all = new(env);
        all.TryAdd("PATH", "/usr/local/bin:/usr/bin:/bin");
        all.TryAdd("HOME", "/work");
        all.TryAdd("LANG", "C.UTF-8");
        if (hasSdk)
        {
            all.TryAdd("PYTHONPATH", SdkFolder);
        }

        return all;
    }

    private static List<OciMount> Mounts(
        BundleHost host, SandboxPolicy policy, AgentIdentity identity, string runFolder)
    {
        var files = Math.Max(WorkFilesMin, policy.Limits.WorkBytes / FilePageBytes);
        var owner = host.Namespaces.Contains("user") ? identity.Uid : identity.HostUid;
        List<OciMount> mounts =
        [
            new("/proc", "proc", "proc", ["nosuid", "nodev", "noexec"]),
            Tmpfs("/dev", "nosuid", "noexec", "mode=755", "size=65536"),
            Tmpfs("/dev/shm", "nosuid", "nodev", "noexec", "mode=1777", $"size={ShmBytes}"),
            Tmpfs("/tmp", "nosuid", "nodev", "mode=1777", $"size={host.TmpBytes}"),
            Tmpfs(
                "/work",
                "nosuid",
                "nodev",
                "mode=700",
                $"uid={owner}",
                $"gid={owner}",
                $"size={policy.Limits.WorkBytes}",
                $"nr_inodes={files}"),
            .. host.SystemFolders.Select(folder => Bind(folder, folder, writable: false)),
            Bind(runFolder, RunFolder, writable: false),
        ];
        if (host.SdkFolder is { } sdk)
        {
            mounts.Add(Bind(sdk, SdkFolder, writable: false));
        }

        if (policy.Network)
        {
            mounts.Add(Bind("/etc/resolv.conf", "/etc/resolv.conf", writable: false));
            mounts.Add(Bind("/etc/hosts", "/etc/hosts", writable: false));
        }

        if (policy.Mounts.Count > 0)
        {
            mounts.Add(Tmpfs("/mnt", "nosuid", "nodev", "mode=755", "size=65536"));
            mounts.AddRange(policy.Mounts.Select(mount => Bind(mount.Source, mount.Target, mount.Writable)));
        }

        return mounts;
    }

    /// <summary>The same mounts with a folder of the host, which has no bound, as /work.</summary>
    public static IReadOnlyList<OciMount> WithWork(IReadOnlyList<OciMount> mounts, string folder) =>
        [.. mounts.Select(mount => mount.Destination == "/work" ? Bind(folder, "/work", writable: true) : mount)];

    private static OciMount Tmpfs(string target, params string[] options) => new(target, "tmpfs", "tmpfs", options);

    private static OciMount Bind(string source, string target, bool writable) =>
        new(target, "bind", source, ["bind", writable ? "rw" : "ro", "nosuid", "nodev"]);

    private static List<OciNamespace> Namespaces(BundleHost host, SandboxPolicy policy) =>
    [
        .. host.Namespaces
            .Where(name => name != "network" || !policy.Network)
            .Select(name => new OciNamespace(name)),
    ];

    private static List<OciIdMapping>? Mappings(BundleHost host, AgentIdentity identity)
    {
        if (!host.Namespaces.Contains("user"))
        {
            return null;
        }

        return identity.Uid == 0
            ? [new(0, identity.HostUid, 1)]
            : [new(0, identity.HostRootUid, 1), new(identity.Uid, identity.HostUid, 1)];
    }
}
