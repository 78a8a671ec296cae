namespace Analemma.Linux;

/// <summary>How many descriptors this host process may have open: RLIMIT_NOFILE in getrlimit(2).</summary>
public static unsafe class OpenFileLimit
{
    /// <summary>
    /// Raises the limit as far as it may be, to what is wanted: the soft one to the hard one, and as root the hard one
    /// too. Never lowers it. Returns what it is then.
    /// </summary>
    public static long Raise(long wanted)
    {
        LibC.rlimit_value limit;
        LinuxException.ThrowIfFailed(LibC.prlimit(0, LibC.RLIMIT_NOFILE, null, &limit), "prlimit(RLIMIT_NOFILE)");
        var hard = Math.Max(limit.rlim_max, (ulong)wanted);
        LibC.rlimit_value raised = new() { rlim_cur = hard, rlim_max = hard };
        if (LibC.prlimit(0, LibC.RLIMIT_NOFILE, &raised, null) != 0)
        {
            raised = limit with { rlim_cur = limit.rlim_max };
            LinuxException.ThrowIfFailed(
                LibC.prlimit(0, LibC.RLIMIT_NOFILE, &raised, null), "prlimit(RLIMIT_NOFILE)");
        }

        return (long)Math.Min(raised.rlim_cur, long.MaxValue);
    }
}
