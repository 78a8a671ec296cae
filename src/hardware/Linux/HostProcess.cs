using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Analemma.Linux;

/// <summary>This host process: who runs it, what it becomes, what it inherits.</summary>
public static unsafe class HostProcess
{
    /// <summary>Held from the birth of a child until it is awaited: one that dies in between is no orphan.</summary>
    internal static readonly Lock Births = new();

    private static readonly ConcurrentDictionary<int, byte> Awaited = new();

    public static uint UserId => LibC.geteuid();

    public static uint GroupId => LibC.getegid();

    public static bool IsRoot => UserId == 0;

    /// <summary>Orphans below us become our children, so that we get their exit status.</summary>
    public static void AdoptOrphans() =>
        LinuxException.ThrowIfFailed(LibC.prctl(LibC.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));

    /// <summary>
    /// What this process was started with beyond its standard streams is not handed on to its children. Before Linux
    /// 5.11 it is.
    /// </summary>
    public static void KeepInheritedFiles() =>
        _ = LibC.syscall4(LibC.SYS_close_range, 3, int.MaxValue, LibC.CLOSE_RANGE_CLOEXEC, 0);

    /// <summary>
    /// What this process makes from now on without a mode of its own others may read and not write, with whatever umask
    /// it was started; so may its children's.
    /// </summary>
    public static void LetOthersRead() => _ = LibC.umask(0x12); // 022

    /// <summary>Becomes another program; returns only by throwing.</summary>
    public static void Become(string path, IReadOnlyList<string> argv, IReadOnlyDictionary<string, string> env)
    {
        using NativeStrings arguments = new(argv);
        using NativeStrings variables = new([.. env.Select(pair => $"{pair.Key}={pair.Value}")]);
        LinuxException.ThrowIfFailed(LibC.execve(path, arguments.Pointer, variables.Pointer), $"execve {path}");
    }

    /// <summary>
    /// Sets the limits on open files and processes of another host process. A root without CAP_SYS_RESOURCE, as in many
    /// containers, does it as the user who owns the process's user namespace. False without the right to.
    /// </summary>
    public static bool TryLimit(int pid, uint owner, long openFiles, long processes)
    {
        return TryBoth() || EffectiveUser.Run(owner, TryBoth);

        bool TryBoth() =>
            TryLimit(pid, LibC.RLIMIT_NOFILE, openFiles) && TryLimit(pid, LibC.RLIMIT_NPROC, processes);
    }

    /// <summary>
    /// Whether another user, of no group but its own, may pass all folders above a path, which need not be there. True
    /// without the right to try.
    /// </summary>
    public static bool CanReach(uint uid, string path) => !EffectiveUser.RunWithoutGroups(uid, () =>
    {
        LibC.statx_buf buf;
        return LibC.statx(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &buf) != 0
            && Marshal.GetLastPInvokeError() == Errno.EACCES;
    });

    /// <summary>
    /// Takes the zombies of orphans that became our children: all whose status nobody awaits by a
    /// <see cref="PidFd"/> of <see cref="ChildProcess"/> or of <see cref="Await"/>.
    /// </summary>
    public static void ReapOrphans()
    {
        lock (Births)
        {
            foreach (var pid in ZombieChildren())
            {
                ReapOrphan(pid);
            }
        }
    }

    /// <summary>The same for one that is known, and has ended.</summary>
    public static void ReapOrphan(int pid)
    {
        lock (Births)
        {
            LibC.siginfo_t info;
            if (!Awaited.ContainsKey(pid))
            {
                _ = LibC.waitid(LibC.P_PID, pid, &info, LibC.WEXITED | LibC.WNOHANG);
            }
        }
    }

    /// <summary>Whether a process has become our child because its parent has gone.</summary>
    public static bool IsOrphan(int pid)
    {
        lock (Births)
        {
            return !Awaited.ContainsKey(pid) && ProcFiles.TryReadParent(pid) == Environment.ProcessId;
        }
    }

    /// <summary>Somebody wants the status of this process; until disposed nobody else takes it.</summary>
    public static IDisposable Await(int pid)
    {
        Awaited[pid] = 0;
        return new Awaiting(pid);
    }

    private static bool TryLimit(int pid, int resource, long value)
    {
        LibC.rlimit_value limit = new() { rlim_cur = (ulong)value, rlim_max = (ulong)value };
        return LibC.prlimit(pid, resource, &limit, null) == 0;
    }

    // Linux gives orphans to the first thread of their subreaper that lives (kernel/exit.c, find_new_reaper): the main
    // one. What another thread of ours has started is not looked at: .NET's Process ends the program when somebody else
    // takes its child.
    private static List<int> ZombieChildren()
    {
        List<int> found = [];
        var children = ProcFiles.TryRead($"/proc/self/task/{Environment.ProcessId}/children") ?? "";
        foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(child, out var pid) && ProcFiles.TryReadState(pid) == 'Z')
            {
                found.Add(pid);
            }
        }

        return found;
    }

    private sealed class Awaiting(int pid) : IDisposable
    {
        public void Dispose() => Awaited.TryRemove(pid, out _);
    }
}
