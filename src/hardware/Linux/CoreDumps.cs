namespace Analemma.Linux;

/// <summary>Whether the memory of this process may be written out when it crashes: core(5).</summary>
public static unsafe class CoreDumps
{
    /// <summary>
    /// Never again, for this process and those that it starts. The limit is 1 and not 0, because a dump that goes to a
    /// program (core_pattern with a pipe) heeds no limit but this: fs/coredump.c, "RLIMIT_CORE set to 1".
    /// </summary>
    public static void Forbid()
    {
        LibC.rlimit_value none = new() { rlim_cur = 1, rlim_max = 1 };
        LinuxException.ThrowIfFailed(LibC.prlimit(0, LibC.RLIMIT_CORE, &none, null), "prlimit(RLIMIT_CORE)");
    }
}
