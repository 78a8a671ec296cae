using Analemma.Abi.Syscalls;
using Analemma.Sandbox;
using Analemma.Sandbox.Bubblewrap;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class BubblewrapPlanTests
{
    private static readonly BundleHost Host = new()
    {
        RootFolder = "/state/root",
        SystemFolders = ["/usr"],
        SdkFolder = "/state/sdk",
        Namespaces = ["user", "pid", "network", "ipc", "uts", "mount", "cgroup"],
        TmpBytes = 4096,
        Seccomp = new BundleSeccomp(SeccompProfile.Agent, "/listener", IsCompiled: true),
    };

    private static readonly MaskedPaths Masked = new("/state/root/empty", ["/proc/kcore"], ["/proc/acpi"]);

    private static readonly AgentIdentity Identity = new(OciBundle.AgentUid, 70001, 70000);

    private static readonly SandboxPolicy Policy = new()
    {
        Key = "a1",
        HostName = "worker",
        Argv = ["/bin/echo", "hi"],
        Env = new Dictionary<string, string> { ["X"] = "a=b c" },
        Limits = new SandboxLimits
        {
            MemoryBytes = 1 << 20,
            Pids = 8,
            CpuQuotaUs = -1,
            CpuPeriodUs = 100_000,
            CpuWeight = 100,
            OpenFiles = 64,
            LogBytes = 1 << 20,
            WorkBytes = 8192,
        },
    };

    [Fact]
    public void The_whole_plan_in_bubblewraps_words() =>
        Snapshot.Matches(Lines(Policy), "bubblewrap-plan.txt");

    [Fact]
    public void A_network_and_mounts_are_the_only_difference_they_make()
    {
        MountRequest data = new() { Source = "/data", Target = "/mnt/data", Writable = true };
        var more = Policy with { Network = true, Mounts = [data] };

        var (before, after) = (Lines(Policy).Split('\n'), Lines(more).Split('\n'));

        Assert.Equal(["--unshare-net"], before.Except(after));
        Assert.Equal(
            [
                "--ro-bind /etc/resolv.conf /etc/resolv.conf",
                "--ro-bind /etc/hosts /etc/hosts",
                "--tmpfs /mnt",
                "--bind /data /mnt/data",
            ],
            after.Except(before));
    }

    [Fact]
    public void A_command_inside_is_a_script_of_which_the_shell_interprets_nothing()
    {
        Dictionary<string, string> env = new() { ["PATH"] = "/bin" };
        var process = OciBundle.Process(Policy, Identity, ["./a=b", "it's $x"], env, "/work/s p", hasSdk: false);

        Assert.Equal(
            """
            cd '/work/s p' || exit 126
            exec '/usr/bin/env' '-i' '--' 'HOME=/work' 'LANG=C.UTF-8' 'PATH=/bin' '/bin/sh' '-c' 'exec "$@"' 'sh' './a=b' 'it'\''s $x'

            """,
            EnterScript.For(process));
    }

    private static string Lines(SandboxPolicy policy)
    {
        var config = OciBundle.Plan(Host, policy, Identity, "/run/a1", cgroupsPath: null);
        return string.Join(' ', BubblewrapPlan.Words(config, Masked)).Replace(" --", "\n--", StringComparison.Ordinal)
            + "\n";
    }
}
