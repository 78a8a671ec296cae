using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Sandbox.Bubblewrap;

/// <summary>
/// The command lines of this engine. A shell joins the cgroups and opens files while it still may; then each program
/// takes something away and becomes the next.
/// </summary>
internal sealed class BubblewrapCommand(BubblewrapTools tools, IReadOnlyList<string> namespaces, bool isSingleUid)
{
    private const string Shell = "/bin/sh";

    // cgroup files … -- oom_score_adj then what follows.
    private const string Join = CgroupFiles.JoinScript
        + "echo \"$1\" >/proc/self/oom_score_adj || exit 125; shift; ";

    private const string JoinThenMake = Join
        + "exec 3<\"$1\" 4<\"$2\" 5>\"$3\" 6<>\"$4\" || exit 125; shift 4; exec \"$@\"";

    private const string JoinThenEnter = Join + "exec \"$@\"";

    private static readonly Dictionary<string, string> EnterFlags = new()
    {
        ["user"] = "--user",
        ["mount"] = "--mount",
        ["pid"] = "--pid",
        ["network"] = "--net",
        ["ipc"] = "--ipc",
        ["uts"] = "--uts",
        ["cgroup"] = "--cgroup",
    };

    private static Dictionary<string, string> Env { get; } = new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin" };

    /// <summary>Makes a sandbox. The files become descriptors 3 to 6.</summary>
    public ChildStart Make(
        OciProcess process, AgentIdentity identity, IReadOnlyList<string> joinFiles, IReadOnlyList<string> files) =>
        new(Shell, [
            Shell, "-c", JoinThenMake, "sh", .. joinFiles, "--", Number(process.OomScoreAdj), .. files,
            .. Limited(process, identity),
            tools.Bwrap, "--args", Number(BubblewrapPlan.ArgumentsFd), "--", .. process.Args,
        ])
        {
            Env = Env,
            NewSession = true,
        };

    /// <summary>
    /// Runs a shell script inside. The filter is on from the first instruction: once in the pid namespace it would be
    /// too late, because the agent, of the same uid, could lay hands on a process that is not under it yet.
    /// </summary>
    public ChildStart Enter(
        OciProcess process,
        AgentIdentity identity,
        IReadOnlyList<string> joinFiles,
        (int Pid, bool Network, string Script) inside) =>
        new(Shell, [
            Shell, "-c", JoinThenEnter, "sh", .. joinFiles, "--", Number(process.OomScoreAdj),
            .. Limited(process, identity),
            tools.Nsenter, "--preserve-credentials", "--target", Number(inside.Pid),
            .. namespaces.Where(name => name != "network" || !inside.Network).Select(name => EnterFlags[name]),
            "--", Shell, inside.Script,
        ])
        {
            Env = Env,
            NewSession = true,
        };

    private List<string> Limited(OciProcess process, AgentIdentity identity)
    {
        List<string> words =
        [
            tools.Prlimit,
            .. process.Rlimits.Select(limit =>
                $"--{limit.Type["RLIMIT_".Length..].ToLowerInvariant()}={limit.Soft}:{limit.Hard}"),
            "--",
        ];
        if (!isSingleUid)
        {
            // As root, bubblewrap would make the agent root's.
            var uid = Number(identity.HostUid);
            words.AddRange([tools.Setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", "--"]);
        }

        return words;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
