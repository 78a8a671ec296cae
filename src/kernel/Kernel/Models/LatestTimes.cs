namespace Analemma.Kernel.Models;

/// <summary>The latest of some measured times, for percentiles. Takes memory only when there are some.</summary>
internal sealed class LatestTimes
{
    private const int TimesMax = 256;

    private long[]? _times;
    private long _count;

    public long Count => _count;

    public void Add(long ticks)
    {
        _times ??= new long[TimesMax];
        _times[_count++ % TimesMax] = ticks;
    }

    /// <summary>The time that so many of a hundred did not exceed, in milliseconds.</summary>
    public long Ms(int percent) => Ticks(percent) / TimeSpan.TicksPerMillisecond;

    public long Ticks(int percent)
    {
        var count = (int)Math.Min(_count, TimesMax);
        if (count == 0)
        {
            return 0;
        }

        var sorted = _times![..count];
        Array.Sort(sorted);
        return sorted[((count * percent) + 99) / 100 - 1];
    }
}
