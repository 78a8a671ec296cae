using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Happenings;

// WHAT WAS TOLD
//
// Whatever is told is kept for a while, so that a subscriber who is slow, or comes back, can be told later: the durable
// part outlives the kernel, as part of its state, and the volatile part is memory. Two rings, so that a flood of what
// is volatile pushes out nothing that is durable; and a fold, which never sees the volatile part, comes to the same.
public sealed class HappeningLog
{
    private readonly Ring _durable = new();
    private readonly Ring _volatile = new();
    private long _durableCount;
    private long _volatileCount;
    private long _boot;

    /// <summary>The place of the latest.</summary>
    public Place Latest { get; private set; }

    public int KeptCount => _durable.Count + _volatile.Count;

    /// <summary>Durable ones that were ever told.</summary>
    public long DurableCount => _durableCount;

    /// <summary>Keeps what is being told, as part of the event being applied.</summary>
    internal Told Add(KernelState state, Process? about, EventView view, bool forEveryone)
    {
        var isDurable = state.IsApplyingDurable && EventTypes.IsDurable(view.Type);
        _durableCount += isDurable ? 1 : 0;
        _volatileCount += isDurable ? 0 : 1;
        var told = new Told
        {
            Durable = _durableCount,
            View = view,
            Family = about is null ? [] : FamilyOf(state, about),
            ForEveryone = forEveryone,
            Volatile = _volatileCount,
            IsDurable = isDurable,
        };
        if (isDurable)
        {
            _durable.Add(told, state.Options.EventsKept, Limits.EventBytesKept);
        }
        else
        {
            _volatile.Add(told, Limits.VolatileEventsKept, Limits.EventBytesKept);
        }

        Latest = told.Place;
        return told;
    }

    /// <summary>
    /// What a caller may and wants to be told after a place, the oldest first, and where something is not kept any
    /// more, how much. Looks at a bounded part.
    /// </summary>
    internal Telling Read(
        KernelState state, Caller caller, Selection selection, Place after, int max, bool tellMissed)
    {
        var telling = new TellingMaker(this, after, tellMissed, state.Now);
        var (durable, other) = (_durable.After(after), _volatile.After(after));
        var (seen, bytes) = (0, 0L);
        while (durable < _durable.Count || other < _volatile.Count)
        {
            if (telling.Count >= max || seen++ >= Limits.EventsLookedAtMax || bytes > Limits.EventBytesPerAnswerMax)
            {
                return telling.End(isWhole: false);
            }

            var told = other == _volatile.Count
                || (durable < _durable.Count && _durable[durable].Place < _volatile[other].Place)
                    ? _durable[durable++] : _volatile[other++];
            telling.Pass(told);
            if (!told.IsFor(state, caller) || !selection.Takes(told.View))
            {
                telling.At = told.Place;
            }
            else if (telling.TellMissed(told) && telling.Count >= max)
            {
                return telling.End(isWhole: false);
            }
            else
            {
                telling.Add(told);
                bytes += told.Bytes;
            }
        }

        return telling.End(isWhole: true);
    }

    /// <summary>Durable ones after one and up to another that are not kept any more.</summary>
    internal long DurableGone(long after, long until)
    {
        var firstKept = _durable.Count > 0 ? _durable[0].Durable : _durableCount + 1;
        return Math.Max(0, Math.Min(until, firstKept - 1) - after);
    }

    /// <summary>The same of the volatile ones of this kernel start.</summary>
    internal long VolatileGone(long after, long until) =>
        Math.Max(0, Math.Min(until, _volatile.LastGone?.Volatile ?? 0) - after);

    /// <summary>How many volatile ones had been told by then; none of this start's, when it was before.</summary>
    internal long VolatileBefore(Place place)
    {
        if (place.Durable <= _boot || place.Volatile > 0)
        {
            return place.Durable < _boot ? 0 : place.Volatile;
        }

        var index = _durable.Count > 0 ? place.Durable - _durable[0].Durable : -1;
        return index >= 0 && index < _durable.Count ? _durable[(int)index].Volatile
            : _volatile.LastGone is { } gone && gone.Place < place ? gone.Volatile : 0;
    }

    /// <summary>A kernel starts: what was volatile is gone.</summary>
    internal void Reboot()
    {
        _volatile.Clear();
        _volatileCount = 0;
        _boot = _durableCount;
        Latest = new Place(_durableCount, 0);
    }

    internal HappeningsBody ToBody() => new() { Count = _durableCount, Kept = [.. _durable.All()] };

    internal void Restore(HappeningsBody body, int kept)
    {
        foreach (var told in body.Kept)
        {
            _durable.Add(told with { IsDurable = true }, kept, Limits.EventBytesKept);
        }

        _durableCount = body.Count;
        Latest = new Place(_durableCount, 0);
    }

    private static ProcessId[] FamilyOf(KernelState state, Process about)
    {
        List<ProcessId> family = [];
        for (var at = about.Id; at != ProcessId.None;)
        {
            family.Add(at);
            at = state.Processes.TryGet(at, out var row) ? row.Parent : ProcessId.None;
        }

        return [.. family];
    }
}

/// <summary>What somebody is told at once.</summary>
/// <param name="Views">The oldest first.</param>
/// <param name="Next">Where to go on.</param>
/// <param name="IsWhole">Nothing is left at this moment.</param>
internal sealed record Telling(IReadOnlyList<EventView> Views, Place Next, bool IsWhole);

internal sealed record HappeningsBody
{
    public long Count { get; init; }

    public IReadOnlyList<Told> Kept { get; init => field = value ?? []; } = [];
}
