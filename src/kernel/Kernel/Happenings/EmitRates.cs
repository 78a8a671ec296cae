using Analemma.Abi;

namespace Analemma.Kernel.Happenings;

// In whole numbers and on the time of events: a level in ticks of time, which passes by itself.

/// <summary>How fast each agent may EMIT. Volatile.</summary>
internal sealed class EmitRates
{
    private const long TicksEach = TimeSpan.TicksPerSecond / Limits.EmitsPerSecond;
    private const long TicksMost = TicksEach * Limits.EmitsAtOnce;

    /// <summary>The time at which each would be full again.</summary>
    private readonly Dictionary<ProcessId, long> _fullAt = [];

    /// <summary>Takes so many; else the milliseconds after which there will be as many.</summary>
    public long? TryTake(ProcessId agent, int count, long now)
    {
        var used = Math.Max(now, _fullAt.GetValueOrDefault(agent)) + (count * TicksEach);
        if (used - now > TicksMost)
        {
            return ((used - now - TicksMost) / TimeSpan.TicksPerMillisecond) + 1;
        }

        _fullAt[agent] = used;
        return null;
    }

    public void Forget(ProcessId agent) => _fullAt.Remove(agent);

    public void Clear() => _fullAt.Clear();
}
