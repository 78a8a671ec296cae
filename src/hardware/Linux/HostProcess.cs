namespace Analemma.Linux;

/// <summary>This host process: who runs it, what it becomes, what it inherits.</summary>
public static unsafe class HostProcess
{
    public static uint UserId => LibC.geteuid();

    public static uint GroupId => LibC.getegid();

    public static bool IsRoot => UserId == 0;

    /// <summary>Orphans below us become our children, so that we get their exit status.</summary>
    public static void AdoptOrphans() =>
        LinuxException.ThrowIfFailed(LibC.prctl(LibC.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));

    /// <summary>Becomes another program; returns only by throwing.</summary>
    public static void Become(string path, IReadOnlyList<string> argv, IReadOnlyDictionary<string, string> env)
    {
        using NativeStrings arguments = new(argv);
        using NativeStrings variables = new([.. env.Select(pair => $"{pair.Key}={pair.Value}")]);
        LinuxException.ThrowIfFailed(LibC.execve(path, arguments.Pointer, variables.Pointer), $"execve {path}");
    }

    /// <summary>Sets the limit on open files of another host process.</summary>
    public static void LimitOpenFiles(int pid, int count)
    {
        LibC.rlimit_value limit = new() { rlim_cur = (ulong)count, rlim_max = (ulong)count };
        LinuxException.ThrowIfFailed(LibC.prlimit(pid, LibC.RLIMIT_NOFILE, &limit, null), $"prlimit {pid}");
    }

    /// <summary>
    /// Takes the zombies of orphans that nobody waits for, such as a runtime's helpers. <paramref name="isAwaited"/>
    /// says whose status somebody still wants.
    /// </summary>
    public static void ReapStrays(Func<int, bool> isAwaited)
    {
        foreach (var pid in ZombieChildren())
        {
            LibC.siginfo_t info;
            if (!isAwaited(pid))
            {
                LibC.waitid(LibC.P_PID, pid, &info, LibC.WEXITED | LibC.WNOHANG);
            }
        }
    }

    private static List<int> ZombieChildren()
    {
        List<int> found = [];
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            var children = ProcFiles.TryRead($"{task}/children") ?? "";
            foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (int.TryParse(child, out var pid) && ProcFiles.TryReadState(pid) == 'Z')
                {
                    found.Add(pid);
                }
            }
        }

        return found;
    }
}
