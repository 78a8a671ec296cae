using System.Text;
using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;
using Analemma.Sandbox;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Unit.Tests.Sandbox;

/// <summary>A sandbox's plan is data: what a policy becomes, as text, so that a change shows up in review.</summary>
public sealed class OciBundleTests
{
    private static readonly AgentIdentity Root = new(OciBundle.AgentUid, 1_879_048_201, 1_879_048_200);

    private static readonly SandboxPolicy Plain = new()
    {
        Key = "a1",
        HostName = "agentos-worker_1",
        Argv = ["python3", "/work/worker.py", "/run/analemma/agent.sock"],
        Env = new Dictionary<string, string> { ["MODE"] = "fast", ["ANALEMMA_PROCESS"] = "1" },
        Limits = new SandboxLimits
        {
            MemoryBytes = 256L << 20,
            Pids = 64,
            CpuQuotaUs = 100_000,
            CpuPeriodUs = 100_000,
            CpuWeight = 100,
            OpenFiles = 1024,
            LogBytes = 16L << 20,
            WorkBytes = 64L << 20,
        },
    };

    private static readonly SandboxPolicy Wide = Plain with
    {
        Network = true,
        AuditReads = true,
        Cwd = "/tmp",
        Mounts =
        [
            new MountRequest { Source = "/srv/data", Target = "/mnt/data" },
            new MountRequest { Source = "/srv/out", Target = "/mnt/out", Writable = true },
        ],
    };

    private static readonly string[] Namespaces = ["user", "pid", "network", "ipc", "uts", "mount", "cgroup"];

    [Fact]
    public void A_plain_agent_as_root() =>
        Snapshot.Matches(Text(Plain, Host(Namespaces), Root), "bundles/plain.json");

    [Fact]
    public void An_agent_with_network_mounts_and_audited_reads() =>
        Snapshot.Matches(Text(Wide, Host(Namespaces), Root), "bundles/wide.json");

    /// <summary>Where the host has no user namespaces, the agent's uid inside is the host's.</summary>
    [Fact]
    public void An_agent_without_a_user_namespace() => Snapshot.Matches(
        Text(
            Plain,
            Host(Namespaces[1..]) with { SdkFolder = null },
            new AgentIdentity(1_879_048_201, 1_879_048_201, 0)),
        "bundles/no-user-namespace.json");

    [Fact]
    public void The_same_policy_gives_the_same_bytes() =>
        Assert.Equal(Bytes(Wide, Host(Namespaces), Root), Bytes(Wide with { }, Host([.. Namespaces]), Root));

    /// <summary>Whatever the policy, so that no snapshot that is accepted in haste can lose it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_policy_gives_a_capability_a_writable_root_or_a_host_folder(bool wide)
    {
        var config = JsonNode.Parse(Bytes(wide ? Wide : Plain, Host(Namespaces), Root))!;

        Assert.All(config["process"]!["capabilities"]!.AsObject(), set => Assert.Empty(set.Value!.AsArray()));
        Assert.True(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        Assert.NotEqual(0, config["process"]!["user"]!["uid"]!.GetValue<int>());
        Assert.True(config["root"]!["readonly"]!.GetValue<bool>());
        Assert.All(config["mounts"]!.AsArray(), mount => Assert.Contains("nosuid", Options(mount!)));
        string[] writable = wide ? ["/mnt/out"] : [];
        Assert.Equal(
            writable,
            config["mounts"]!.AsArray().Where(mount => Options(mount!).Contains("rw"))
                .Select(mount => mount!["destination"]!.GetValue<string>()));
        var namespaces = config["linux"]!["namespaces"]!.ToJsonString();
        Assert.Equal(!wide, namespaces.Contains("network", StringComparison.Ordinal));
    }

    private static List<string> Options(JsonNode mount) =>
        [.. mount["options"]!.AsArray().Select(option => option!.GetValue<string>())];

    private static BundleHost Host(IReadOnlyList<string> namespaces) => new()
    {
        RootFolder = "/var/lib/analemma/root",
        SystemFolders = ["/usr"],
        SdkFolder = "/var/lib/analemma/sdk",
        Namespaces = namespaces,
        TmpBytes = 64L << 20,
        Seccomp = new BundleSeccomp(SeccompProfile.Agent, "/var/lib/analemma/seccomp.sock", IsCompiled: true),
    };

    private static byte[] Bytes(SandboxPolicy policy, BundleHost host, AgentIdentity identity) =>
        OciJson.Write(OciBundle.Plan(host, policy, identity, $"/var/lib/analemma/run/{policy.Key}", cgroupsPath: null));

    /// <summary>The compiled filter has tests of its own, and would hide everything else.</summary>
    private static string Text(SandboxPolicy policy, BundleHost host, AgentIdentity identity)
    {
        var config = OciBundle.Plan(host, policy, identity, $"/var/lib/analemma/run/{policy.Key}", cgroupsPath: null);
        var annotations = config.Annotations!.Keys.ToDictionary(key => key, _ => "the compiled filter");
        return Encoding.UTF8.GetString(OciJson.Write(config with { Annotations = annotations })) + "\n";
    }
}
