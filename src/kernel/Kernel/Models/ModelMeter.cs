using Analemma.Kernel.Budgets;

namespace Analemma.Kernel.Models;

/// <summary>How a family's model calls fared since the kernel started. Volatile, and bounded.</summary>
public sealed class ModelMeter
{
    private const int WaitsMax = 256;

    private long[]? _waits;
    private long _turns;

    /// <summary>Calls that did not get their turn at once.</summary>
    public long Throttled { get; private set; }

    /// <summary>Calls that a limit refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Of the clients on the host, which have no record for it.</summary>
    public Spend Spent { get; set; } = Spend.Nothing;

    public void Turn(long waitTicks)
    {
        _waits ??= new long[WaitsMax];
        _waits[_turns++ % WaitsMax] = waitTicks;
        Throttled += waitTicks > 0 ? 1 : 0;
    }

    public void Refuse() => Refused++;

    /// <summary>The wait that so many of a hundred calls did not exceed, in milliseconds.</summary>
    public long WaitMs(int percent)
    {
        var count = (int)Math.Min(_turns, WaitsMax);
        if (count == 0)
        {
            return 0;
        }

        var sorted = _waits![..count];
        Array.Sort(sorted);
        return sorted[((count * percent) + 99) / 100 - 1] / TimeSpan.TicksPerMillisecond;
    }
}
