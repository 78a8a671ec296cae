using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Sandbox;

// HYBRID CGROUPS
//
// Where v1 controllers and a cgroup2 mount stand side by side, crun refuses to run, though it needs neither. So the
// kernel lives in a mount namespace of its own in which an empty tmpfs covers the v2 mount. A process with threads
// cannot enter one (unshare(2)), so it becomes unshare(1), which becomes itself again:
//
//   unshare -m --propagation private sh -c 'mount … ; exec "$@"' … PROGRAM ARGS…
//
// That is cover-cgroups.sh. The kernel's program, analemma-kernel.sh, runs it for root before .NET starts, and then
// there is nothing left to do here.
//
// An ordinary user makes a user namespace first (-U), in which it is root (-r), and does so on every host: a runtime's
// first process, which has not become the agent yet, can be looked into (its /work and /tmp, by /proc/PID/root) only
// with a capability in the user namespace that the runtime was started in (ptrace(2), access mode checks).
//
// The agents of a killed kernel are in the namespace that it made, and only from within that can they be taken over.
// Their filters' holder is in it too, so it is entered by that one's pid (nsenter(1)).
//
// A variable in the environment says that this was done, whether or not it worked, so that nobody runs in circles.
/// <summary>Puts this process where crun works. The first call of Main.</summary>
public static class HybridCgroups
{
    /// <summary>Set once the process has been put there.</summary>
    public const string DoneVariable = "ANALEMMA_CGROUPS_COVERED";

    private const string OfUser = "user";
    private const string Shell = "/bin/sh";

    // Beside this program; sh and not C#, so that what starts the kernel can do it before .NET is there.
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "cover-cgroups.sh");

    /// <summary>Whether root runs this, and not an ordinary user as root of the namespace made here.</summary>
    public static bool IsRoot =>
        HostProcess.IsRoot && Environment.GetEnvironmentVariable(DoneVariable) is not OfUser;

    /// <summary>
    /// On hybrid cgroups, becomes this program anew in a namespace that covers the v2 mount, and does not return; so
    /// too for an ordinary user anywhere. Otherwise, or when it has been done, returns.
    /// </summary>
    /// <param name="findHolder">
    /// Finds the holder of a killed kernel, into whose user namespace an ordinary user goes; see FilterHolder.
    /// </param>
    public static void Cover(Func<int?>? findHolder = null)
    {
        if (Environment.GetEnvironmentVariable(DoneVariable) is not null)
        {
            return;
        }

        var mounts = CgroupMounts.Read();
        var covered = mounts.IsHybrid ? mounts.V2 : null;
        if ((HostProcess.IsRoot && covered is null) || OwnCommand() is not { } command)
        {
            return;
        }

        Dictionary<string, string> env = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            env[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        env[DoneVariable] = HostProcess.IsRoot ? "1" : OfUser;
        env["HOLDER"] = HostProcess.IsRoot ? "" : findHolder?.Invoke()?.ToString(CultureInfo.InvariantCulture) ?? "";
        env["FLAGS"] = HostProcess.IsRoot ? "-m" : "-Urm";
        HostProcess.Become(Shell, [Shell, Script, covered ?? "", .. command], env);
    }

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
