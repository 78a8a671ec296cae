using Analemma.Linux;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Sandbox;

// HYBRID CGROUPS
//
// Where v1 controllers and a cgroup2 mount stand side by side, crun refuses to run, though it needs neither. So the
// kernel lives in a mount namespace of its own in which an empty tmpfs covers the v2 mount. A process with threads
// cannot enter one (unshare(2)), so it becomes unshare(1), which becomes itself again:
//
//   unshare -m --propagation private sh -c 'mount … && exec "$@"' sh PROGRAM ARGS…
//
// An ordinary user makes a user namespace first (-U), in which it is root (-r). A variable in the environment says that
// this was done, whether or not it worked, so that nobody runs in circles.
/// <summary>Puts this process where crun works. The first call of Main.</summary>
public static class HybridCgroups
{
    /// <summary>Set once the process has been put there.</summary>
    public const string DoneVariable = "ANALEMMA_CGROUPS_COVERED";

    private const string Unshare = "/usr/bin/unshare";

    /// <summary>
    /// On hybrid cgroups, becomes this program anew in a namespace that covers the v2 mount, and does not return.
    /// Elsewhere, or when it has been done, or cannot be done, returns; the probe of the engines tells what follows.
    /// </summary>
    public static void Cover()
    {
        if (Environment.GetEnvironmentVariable(DoneVariable) is not null || !File.Exists(Unshare))
        {
            return;
        }

        var mounts = CgroupMounts.Read();
        if (!mounts.IsHybrid || mounts.V2 is not { } v2 || OwnCommand() is not { } command)
        {
            return;
        }

        Dictionary<string, string> env = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            env[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        env[DoneVariable] = "1";
        HostProcess.Become(Unshare, Wrap(v2, HostProcess.IsRoot, command), env);
    }

    /// <summary>The argv that runs a command with the v2 mount covered.</summary>
    public static IReadOnlyList<string> Wrap(string v2Mount, bool isRoot, IReadOnlyList<string> command) =>
    [
        Unshare,
        isRoot ? "-m" : "-Urm",
        "--propagation",
        "private",
        "/bin/sh",
        "-c",
        "mount -t tmpfs -o size=4k,mode=755 none \"$0\"; exec \"$@\"",
        v2Mount,
        .. command,
    ];

    // /proc/self/exe and not argv[0], which may be relative or a lie; the arguments as they were given.
    private static List<string>? OwnCommand()
    {
        if (Environment.ProcessPath is not { } program || ProcFiles.TryRead("/proc/self/cmdline") is not { } line)
        {
            return null;
        }

        var words = line.Split('\0');
        return [program, .. words.Skip(1).SkipLast(1)];
    }
}
