using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Happenings;

// Goes along the places and counts what is gone between what is there, so that each gap is told once, where it is, and
// never again: also when a reader goes on from any place that it was given.

/// <summary>Makes what one reader is told at once.</summary>
internal sealed class TellingMaker
{
    private readonly HappeningLog _log;
    private bool _tellMissed;
    private readonly long _now;
    private readonly List<EventView> _views = [];
    private (long Durable, long Volatile) _passed;
    private Place _gapBegan;
    private long _gap;

    public TellingMaker(HappeningLog log, Place after, bool tellMissed, long now)
    {
        (_log, _tellMissed, _now) = (log, tellMissed, now);
        _passed = (after.Durable, log.VolatileBefore(after));
        At = _gapBegan = after;
    }

    public int Count => _views.Count;

    /// <summary>How far the reader has got.</summary>
    public Place At { get; set; }

    /// <summary>Counts what is gone before this one.</summary>
    public void Pass(Told told)
    {
        var (durable, other) = told.IsDurable
            ? (told.Durable - 1, told.Volatile) : (told.Durable, told.Volatile - 1);
        _gap += _log.DurableGone(_passed.Durable, durable) + _log.VolatileGone(_passed.Volatile, other);
        _passed = (told.Durable, told.Volatile);
        if (!_tellMissed)
        {
            // Who wants the oldest that is kept has missed nothing before that.
            (_gap, _tellMissed) = (0, true);
        }
    }

    /// <summary>Tells of what is gone before this one, if something is.</summary>
    public bool TellMissed(Told told)
    {
        var before = told.IsDurable
            ? new Place(told.Durable - 1, told.Volatile) : new Place(told.Durable, told.Volatile - 1);
        return TellMissed(before);
    }

    public void Add(Told told)
    {
        _views.Add(told.ToView());
        At = _gapBegan = told.Place;
    }

    public Telling End(bool isWhole)
    {
        var at = isWhole ? _log.Latest : At;
        if (isWhole)
        {
            _gap += _log.DurableGone(_passed.Durable, long.MaxValue)
                + _log.VolatileGone(_passed.Volatile, long.MaxValue);
        }

        TellMissed(at);
        return new Telling(_views, at, isWhole);
    }

    private bool TellMissed(Place until)
    {
        var (gap, began) = (_gap, _gapBegan);
        (_gap, _gapBegan, At) = (0, until, until);
        if (gap == 0 || !_tellMissed)
        {
            return false;
        }

        _views.Add(new EventView(EventTypes.Missed, new DateTimeOffset(_now, TimeSpan.Zero))
        {
            Count = gap,
            After = began.ToString(),
            Until = until.ToString(),
        });
        return true;
    }
}
