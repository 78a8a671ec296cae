using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>
/// Which attempt has a call that two may run for, as the daemon's runner decides it; and what must be true of seconds.
/// </summary>
internal sealed class SimulatedHedges(World world)
{
    private readonly Dictionary<CallId, (int Attempt, long At)> _claims = [];
    private long _firsts;
    private long _seconds;

    /// <summary>Second attempts over all kernel starts.</summary>
    public int Made { get; private set; }

    /// <summary>Of them, those whose answer was the call's.</summary>
    public int Won { get; private set; }

    public void Starts(StartModelCall start, IReadOnlyList<StartModelCall> beside)
    {
        // The first may just have ended, and the kernel not heard of it.
        ViolationException.Unless(
            start.IsHedge ? beside is [] or [{ IsHedge: false, MayHedge: true }] : beside.Count == 0,
            "an attempt has one other beside it at most", $"{start} beside {beside.Count}");
        if (!start.MayHedge)
        {
            return;
        }

        if (!start.IsHedge)
        {
            _claims.Remove(start.Call);
        }

        _firsts += start.IsHedge ? 0 : 1;
        _seconds += start.IsHedge ? 1 : 0;
        Made += start.IsHedge ? 1 : 0;
        var percent = world.Options.Kernel.Models.Hedges.Values.Max(hedge => hedge.PercentMax);
        ViolationException.Unless(
            _seconds * 100 <= _firsts * percent,
            "second attempts keep to their share", $"{_seconds} beside {_firsts}, at most {percent} %");
        ViolationException.Unless(
            !start.IsHedge || !IsLost(start.Call, start.Attempt, SimulatedModels.CancelTimeMax),
            "no second attempt after the first piece", start.ToString());
    }

    /// <summary>Whether the call is this attempt's from now on, or is already.</summary>
    public bool TryClaim(StartModelCall start)
    {
        if (!start.MayHedge || _claims.TryAdd(start.Call, (start.Attempt, world.Clock.Ticks)))
        {
            return true;
        }

        return _claims[start.Call].Attempt == start.Attempt;
    }

    public bool Has(StartModelCall start) =>
        _claims.TryGetValue(start.Call, out var claim) && claim.Attempt == start.Attempt;

    public void Answered(StartModelCall start) => Won += start.IsHedge ? 1 : 0;

    /// <summary>The call has been another attempt's for so long.</summary>
    public bool IsLost(CallId call, int attempt, TimeSpan since) =>
        _claims.TryGetValue(call, out var claim) && claim.Attempt != attempt
        && world.Clock.Ticks - claim.At >= since.Ticks;

    public void Clear()
    {
        _claims.Clear();
        (_firsts, _seconds) = (0, 0);
    }
}
