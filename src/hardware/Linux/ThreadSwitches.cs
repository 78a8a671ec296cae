namespace Analemma.Linux;

/// <summary>How often a thread lost its processor: getrusage(2).</summary>
public static unsafe class ThreadSwitches
{
    /// <summary>How often the thread that asks had to make room for another though it wanted to go on.</summary>
    public static long Involuntary()
    {
        LibC.rusage_counts usage;
        LinuxException.ThrowIfFailed(LibC.getrusage(LibC.RUSAGE_THREAD, &usage), "getrusage");
        return usage.ru_nivcsw;
    }
}
