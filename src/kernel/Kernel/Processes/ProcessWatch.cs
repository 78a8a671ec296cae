using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Processes;

/// <summary>What samples and denials mean: what is only counted, what is recorded, what ends a process.</summary>
internal static class ProcessWatch
{
    public static void Sampled(KernelState state, UsageSampled sampled, List<Effect> effects)
    {
        if (!state.Processes.TryGet(sampled.Process, out var process) || !process.IsAlive)
        {
            return;
        }

        process.Latest = sampled.Usage;
        if (process.StopCause is not null)
        {
            return;
        }

        if (sampled.Usage.OomKills > 0)
        {
            Raise(sampled, Overstep.Memory, sampled.Usage.OomKills, effects);
        }
        else if (sampled.Usage.PidLimitHits > Limits.PidLimitHitsMax)
        {
            Raise(sampled, Overstep.Pids, sampled.Usage.PidLimitHits, effects);
        }
    }

    /// <summary>
    /// Journals a denial while the process has few; beyond, counts it, so that a flood fills no disk.
    /// </summary>
    public static void DenialReported(KernelState state, DenialReported reported, List<Effect> effects)
    {
        if (!state.Processes.TryGet(reported.Process, out var process))
        {
            return;
        }

        state.Tally.Denied(reported.Kind, reported.Count);
        if (process.AuditRecords + process.AuditRecordsRaised < Limits.AuditRecordsPerProcessMax)
        {
            process.AuditRecordsRaised++;
            effects.Add(new Raise(
                new AttemptDenied(reported.Process, reported.Kind, reported.What, reported.Reason, reported.Count)
                {
                    At = reported.At,
                }));
            return;
        }

        process.DeniedUncounted += reported.Count;
    }

    public static void Denied(KernelState state, AttemptDenied denied, List<Effect> effects)
    {
        if (!state.Processes.TryGet(denied.Process, out var process))
        {
            return;
        }

        process.AuditRecords++;
        process.AuditRecordsRaised = Math.Max(0, process.AuditRecordsRaised - 1);
        process.DeniedJournaled += denied.Count;
        var happened = Happening.Of(process, EventTypes.Denied, denied.At) with
        {
            Kind = denied.Kind,
            What = denied.What,
            Reason = denied.Reason,
            Count = denied.Count,
        };
        state.Calls.Publish(state, process, happened, effects);
    }

    private static void Raise(UsageSampled sampled, Overstep what, long count, List<Effect> effects) =>
        effects.Add(new Raise(new LimitOverstepped(sampled.Process, what, count) { At = sampled.At }));
}
