namespace Analemma.Kernel.Models;

// TOKEN BUCKET
//
// So much a minute, in integers and on the time of events. The level is kept in units of 1/600,000,000 (the ticks of a
// minute), so that every tick adds exactly PerMinute units and nothing is ever rounded away. It holds one minute's
// worth at most. What is larger than a minute's worth may go when the bucket is full, and leaves it in debt.
public sealed class TokenBucket(long perMinute)
{
    public const long PerMinuteMax = 1_000_000_000;

    /// <summary>More than any model reads and writes in one call.</summary>
    public const long AmountMax = 100_000_000;

    private const long Unit = TimeSpan.TicksPerMinute;

    /// <summary>Debts of many calls that use more than they took would add up to more than a number holds.</summary>
    private const long DebtMax = long.MaxValue / 4;

    private long _level = perMinute * Unit;
    private long _at;

    public long PerMinute { get; } = perMinute;

    /// <summary>When so much can be taken: now, or later.</summary>
    public long ReadyAt(long amount, long now)
    {
        Refill(now);
        var missing = (Math.Min(amount, PerMinute) * Unit) - _level;
        return missing <= 0 ? now : now + ((missing + PerMinute - 1) / PerMinute);
    }

    public void Take(long amount, long now)
    {
        Refill(now);
        _level = Math.Max(_level - (Math.Min(amount, AmountMax) * Unit), -DebtMax);
    }

    /// <summary>Gives back what was taken and not used.</summary>
    public void Return(long amount) =>
        _level = Math.Min(_level + (Math.Min(amount, AmountMax) * Unit), PerMinute * Unit);

    private void Refill(long now)
    {
        var passed = now - _at;
        if (passed <= 0)
        {
            return;
        }

        _at = now;
        var full = PerMinute * Unit;
        _level = passed >= (full - _level) / PerMinute ? full : _level + (passed * PerMinute);
    }
}
