using Analemma.Kernel.Budgets;

namespace Analemma.Kernel.Models;

/// <summary>How a family's model calls fared since the kernel started. Volatile, and bounded.</summary>
public sealed class ModelMeter
{
    private readonly LatestTimes _waits = new();
    private readonly LatestTimes _latencies = new();

    /// <summary>Calls that did not get their turn at once.</summary>
    public long Throttled { get; private set; }

    /// <summary>Calls that a limit refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Weighted tokens that were used: what the fair queue counts, without the agent's weight.</summary>
    public long Service { get; private set; }

    /// <summary>Of the clients on the host, which have no record for it.</summary>
    public Spend Spent { get; set; } = Spend.Nothing;

    public void Turn(long waitTicks)
    {
        _waits.Add(waitTicks);
        Throttled += waitTicks > 0 ? 1 : 0;
    }

    public void Refuse() => Refused++;

    /// <summary>An attempt has used so much of what the fair queue shares out.</summary>
    public void Serve(long service) => Service += service;

    /// <summary>A call has its answer, so long after it came.</summary>
    public void Answer(long latencyTicks) => _latencies.Add(latencyTicks);

    /// <summary>The wait that so many of a hundred calls did not exceed, in milliseconds.</summary>
    public long WaitMs(int percent) => _waits.Ms(percent);

    /// <summary>From arrival to answer, of so many of a hundred calls at most, in milliseconds.</summary>
    public long LatencyMs(int percent) => _latencies.Ms(percent);
}
