namespace Analemma.Daemon.Sockets;

/// <summary>
/// How long a thread looks for work before it sleeps. A processor at rest takes longer to wake than a message takes
/// through the kernel, so whoever is in a conversation is waited for awake, and nobody else: the span grows while work
/// comes soon after the thread fell asleep, and is none again once it does not. The rule is KVM's for processors of
/// guests (Linux, Documentation/virt/kvm/halt-polling.rst). Where others want the processor, none is at rest: whoever
/// was pushed off it while looking does without for a while, each time for twice as long.
/// </summary>
/// <param name="max">The longest span, in ticks of the clock; 0 to sleep at once, always.</param>
/// <param name="restMin">For how long to do without at first, in ticks.</param>
/// <param name="restMax">For how long at most.</param>
internal struct BusyPoll(long max, long restMin, long restMax)
{
    private readonly long _first = Math.Max(max / 4, 1);
    private long _span;
    private long _rest;
    private long _restsUntil = long.MinValue;

    /// <summary>How long to look now, in ticks of the clock.</summary>
    public readonly long Span(long now) => now < _restsUntil ? 0 : _span;

    /// <summary>Work came so long after there was none.</summary>
    public void Waited(long ticks)
    {
        if (ticks > max)
        {
            _span = 0;
        }
        else if (ticks > _span)
        {
            _span = Math.Min(max, _span == 0 ? _first : _span * 2);
        }
    }

    /// <summary>The thread lost its processor to another while it looked.</summary>
    public void PushedOff(long now)
    {
        var isLongAgo = _rest == 0 || now - _restsUntil > 10 * _rest;
        _rest = isLongAgo ? restMin : Math.Min(restMax, _rest * 2);
        _restsUntil = now + _rest;
    }
}
