using Analemma.Abi;
using Analemma.Kernel.Events;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Reads the counters of everything that runs, by turns: often while little runs, and never so often that reading costs
/// more than a few percent of a core. A round is spread over its period, a few at a time, so that nobody waits behind
/// the reading of hundreds.
/// </summary>
internal sealed class UsageSampler(LiveSandboxes live, TimeProvider time, Action<KernelEvent> post)
{
    private KeyValuePair<ProcessId, ISandbox>[] _round = [];
    private int _next;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(DaemonLimits.SampleEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var until = SampleSome();
            if (timer.Period != until)
            {
                timer.Period = until;
            }
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

    /// <summary>Reads the next few of the round. Says how long to wait until the ones after them.</summary>
    public TimeSpan SampleSome()
    {
        if (_next == _round.Length)
        {
            (_round, _next) = ([.. live.Running], 0);
        }

        for (var end = Math.Min(_next + DaemonLimits.SampledAtOnceMax, _round.Length); _next < end; _next++)
        {
            var (process, sandbox) = _round[_next];
            if (!sandbox.Exited.IsCompleted)
            {
                post(new UsageSampled(process, Convert(sandbox.ReadUsage())) { At = time.GetUtcNow().UtcTicks });
            }
        }

        return Until(_round.Length);
    }

    private static TimeSpan Until(int running)
    {
        var round = DaemonLimits.SampleEveryPerProcess * running;
        var parts = Math.Max(1, (running + DaemonLimits.SampledAtOnceMax - 1) / DaemonLimits.SampledAtOnceMax);
        return (round > DaemonLimits.SampleEvery ? round : DaemonLimits.SampleEvery) / parts;
    }
}
