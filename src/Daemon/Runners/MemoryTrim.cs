namespace Analemma.Daemon.Runners;

/// <summary>
/// Gives memory back after a busy time. The runtime collects when its youngest generation is as large as the
/// processor's cache, tens of megabytes, which an idle kernel would keep for ever.
/// </summary>
internal sealed class MemoryTrim(TimeProvider time)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(DaemonLimits.TrimLook, time);
        var (trimmed, seen) = (0L, 0L);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            var isQuiet = allocated - seen < DaemonLimits.TrimQuietBytes;
            if (isQuiet && allocated - trimmed > DaemonLimits.TrimBytes)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                trimmed = allocated;
            }

            seen = allocated;
        }
    }
}
