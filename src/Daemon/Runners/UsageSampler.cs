using Analemma.Kernel.Events;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Reads the counters of everything that runs, by turns: often while little runs, and never so often that reading costs
/// more than a few percent of a core.
/// </summary>
internal sealed class UsageSampler(LiveSandboxes live, TimeProvider time, Action<KernelEvent> post)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(DaemonLimits.SampleEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var running = live.Running;
            foreach (var (process, sandbox) in running)
            {
                if (!sandbox.Exited.IsCompleted)
                {
                    post(new UsageSampled(process, Convert(sandbox.ReadUsage())) { At = time.GetUtcNow().UtcTicks });
                }
            }

            var period = DaemonLimits.SampleEveryPerProcess * running.Count;
            timer.Period = period > DaemonLimits.SampleEvery ? period : DaemonLimits.SampleEvery;
        }
    }

    public static Usage Convert(SandboxUsage usage) => new()
    {
        CpuUs = usage.CpuUs,
        MemoryBytes = usage.MemoryBytes,
        MemoryPeakBytes = usage.MemoryPeakBytes,
        Pids = usage.Pids,
        ThrottledUs = usage.ThrottledUs,
        OomKills = usage.OomKills,
        PidLimitHits = usage.PidLimitHits,
    };
}
