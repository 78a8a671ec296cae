namespace Analemma.Kernel.Models;

/// <summary>Of one model or alias: when a second attempt is made beside one that is slow, and for how many.</summary>
/// <param name="DelayMs">After so long; null: after the time that 95 of the model's latest 100 kept to.</param>
/// <param name="PercentMax">At most so many for a hundred attempts.</param>
public sealed record HedgeOptions(long? DelayMs, int PercentMax = HedgeOptions.PercentDefault)
{
    public const int PercentDefault = 5;
}

/// <summary>
/// The hedges of one model or alias. Each attempt earns a part of one, and what is earned in good times is saved up to
/// a few: so a provider that is slow for all gets a few calls more, and not twice as many. Volatile.
/// </summary>
internal sealed class HedgeMeter(string name, HedgeOptions options)
{
    private const int Whole = 100;
    private const int SavedMax = 10 * Whole;

    private int _earned;

    public string Name { get; } = name;

    public HedgeOptions Options { get; } = options;

    /// <summary>Attempts that might have been hedged.</summary>
    public long Attempts { get; private set; }

    public long Hedges { get; private set; }

    /// <summary>Hedges whose answer was the call's.</summary>
    public long Won { get; private set; }

    /// <summary>Attempts that were slow and not hedged: no share, slot, limit or budget was free for it.</summary>
    public long Held { get; private set; }

    public bool MayHedge => _earned >= Whole;

    public void Started()
    {
        Attempts++;
        _earned = Math.Min(_earned + Options.PercentMax, SavedMax);
    }

    public void Hedged()
    {
        Hedges++;
        _earned -= Whole;
    }

    public void HeldBack() => Held++;

    /// <summary>A call came to what its hedge did.</summary>
    public void Decided(bool isAnswer) => Won += isAnswer ? 1 : 0;
}

/// <summary>How long attempts at one model take: to the first piece of a stream, or to the end.</summary>
internal sealed class AttemptTimes
{
    private const int Percent = 95;

    /// <summary>Fewer say nothing of the slowest twentieth.</summary>
    private const long CountMin = 20;

    /// <summary>To find the slowest costs a sort: not at each attempt.</summary>
    private const long FreshMax = 16;

    private readonly LatestTimes _times = new();
    private long _slow;
    private long _seenAt;

    public void Add(long ticks) => _times.Add(ticks);

    /// <summary>What 95 of 100 kept to, in ticks; null while too few are known.</summary>
    public long? Slow
    {
        get
        {
            if (_times.Count < CountMin)
            {
                return null;
            }

            if (_seenAt == 0 || _times.Count - _seenAt >= FreshMax)
            {
                (_slow, _seenAt) = (Math.Max(1, _times.Ticks(Percent)), _times.Count);
            }

            return _slow;
        }
    }
}
