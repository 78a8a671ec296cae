namespace Analemma.Linux;

/// <summary>
/// How long the calling thread wants to run when it has a processor. Its share of the processors stays as it is; one
/// with a short slice gets its turn sooner when it wakes. What it starts, threads and programs, has the host's own.
/// Takes no privilege.
/// </summary>
public static unsafe class ThreadSlice
{
    /// <summary>The shortest that Linux gives.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(100);

    private const long NanosecondsPerTick = 100;

    /// <summary>
    /// Asks for a slice; 0 is the host's own. False when a filter of the host forbids it. Linux before 6.12 takes it
    /// and heeds it not, as it does that of a thread which is not scheduled as most are.
    /// </summary>
    public static bool TrySet(TimeSpan slice)
    {
        LibC.sched_attr attributes = new();
        if (!TryRead(&attributes))
        {
            return false;
        }

        attributes.sched_flags |= LibC.SCHED_FLAG_RESET_ON_FORK;
        attributes.sched_runtime = (ulong)(slice.Ticks * NanosecondsPerTick);
        return LibC.syscall4(LibC.SYS_sched_setattr, 0, (nint)(&attributes), 0, 0) == 0;
    }

    /// <summary>The slice of the calling thread, where Linux tells: the host's own, if none was asked for.</summary>
    internal static TimeSpan? Read()
    {
        LibC.sched_attr attributes = new();
        return TryRead(&attributes) && attributes.sched_runtime > 0
            ? TimeSpan.FromTicks((long)attributes.sched_runtime / NanosecondsPerTick) : null;
    }

    // Policy and nice value are set together with the slice, so they are read first and stay.
    private static bool TryRead(LibC.sched_attr* attributes)
    {
        attributes->size = (uint)sizeof(LibC.sched_attr);
        return LibC.syscall4(LibC.SYS_sched_getattr, 0, (nint)attributes, sizeof(LibC.sched_attr), 0) == 0;
    }
}
