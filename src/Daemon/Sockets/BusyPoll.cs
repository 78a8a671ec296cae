namespace Analemma.Daemon.Sockets;

/// <summary>
/// How long a thread looks for work before it sleeps. A processor at rest takes longer to wake than a message takes
/// through the kernel, so whoever is in a conversation is waited for awake, and nobody else: the span grows while work
/// comes soon after the thread fell asleep, and is none again once it does not. The rule is KVM's for processors of
/// guests (Linux, Documentation/virt/kvm/halt-polling.rst).
/// </summary>
/// <param name="max">The longest span, in ticks of the clock; 0 to sleep at once, always.</param>
/// <param name="first">The span to begin with when there was none.</param>
internal struct BusyPoll(long max, long first)
{
    /// <summary>How long to look, in ticks of the clock.</summary>
    public long Span { get; private set; }

    /// <summary>Work came so long after there was none.</summary>
    public void Waited(long ticks)
    {
        if (ticks > max)
        {
            Span = 0;
        }
        else if (ticks > Span)
        {
            Span = Math.Min(max, Span == 0 ? first : Span * 2);
        }
    }
}
