using Analemma.Kernel.Models;

namespace Analemma.Kernel.Supervision;

// When many agents fail at once, their restarts would fail each other again: the host has only so many cores to start
// interpreters with. So restarts take tokens from one bucket of the host: RestartBurst at once, RestartsPerSecond
// after that. The generic cell rate algorithm keeps one number for it (ITU-T I.371, annex A): when the bucket would be
// full again. Each restart that finds it empty gets the next free instant as its own, so that none starves.

/// <summary>How soon after a failure a start may be.</summary>
internal static class RestartPace
{
    /// <summary>The instant at which a restart that is due now may be; takes its token.</summary>
    public static long Take(KernelState state)
    {
        var options = state.Options.Supervision;
        var step = TimeSpan.TicksPerSecond / options.RestartsPerSecond;
        var full = Math.Max(state.Fleets.PaceFullAt, state.Now);
        state.Fleets.PaceFullAt = full + step;
        return Math.Max(state.Now, full - (step * (options.RestartBurst - 1)));
    }

    /// <summary>The bound of the delay after so many failures in a row, in milliseconds.</summary>
    public static long BoundMs(RestartPlan plan, int failures)
    {
        var bound = plan.BackoffMs;
        for (var i = 1; i < failures && bound < plan.BackoffMaxMs; i++)
        {
            bound *= 2;
        }

        return Math.Min(bound, plan.BackoffMaxMs);
    }

    /// <summary>
    /// Full jitter: anywhere below the bound ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). From the
    /// seed of this kernel start and who restarts for which time, so that a replay draws the same.
    /// </summary>
    public static long DelayMs(KernelState state, Unit unit, long boundMs)
    {
        var seed = unchecked(
            state.Options.Models.Seed + (unit.Id * 0x1000003) + (unit.Incarnation * 0x10000000001B3L));
        var random = new KernelRandom(seed);
        random.UpTo(1);
        return random.UpTo(boundMs);
    }

    /// <summary>
    /// Adds an instant to those that count, and says how many lie within the interval, this one included.
    /// </summary>
    public static int Count(List<long> times, long now, long intervalMs, int keep)
    {
        Trim(times, now, intervalMs, keep - 1);
        times.Add(now);
        return times.Count;
    }

    /// <summary>How many lie within the interval.</summary>
    public static int Within(List<long> times, long now, long intervalMs) =>
        times.Count(time => now - time <= intervalMs * TimeSpan.TicksPerMillisecond);

    private static void Trim(List<long> times, long now, long intervalMs, int keep)
    {
        times.RemoveAll(time => now - time > intervalMs * TimeSpan.TicksPerMillisecond);
        if (times.Count > keep)
        {
            times.RemoveRange(0, times.Count - keep);
        }
    }
}
