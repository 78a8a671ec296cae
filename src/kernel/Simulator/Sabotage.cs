using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>
/// A way to break the kernel on purpose, to see that the simulator notices. The base class breaks nothing.
/// </summary>
public class Sabotage
{
    /// <summary>False: effects leave before their events are durable.</summary>
    public virtual bool WaitsForDisk => true;

    /// <summary>False: the kernel never learns of the event.</summary>
    public virtual bool Hears(KernelEvent @event) => true;

    /// <summary>What leaves in place of the effects of a turn.</summary>
    public virtual IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects;

    /// <summary>Changes the state for one event. What it returns mends it after that.</summary>
    public virtual Action Break(KernelState state, KernelEvent @event) => static () => { };

    /// <summary>What the kernel says that it will launch.</summary>
    public virtual Launch Foresee(Launch launch) => launch;

    public virtual void AfterTurn(KernelState state)
    {
    }
}
