using Analemma.Daemon.Loop;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry;

/// <summary>Sees effects on their way to the runners, and counts those that metrics are made of.</summary>
internal sealed class ObservedEffects(IEffectRunner runners, KernelMeter meter) : IEffectRunner
{
    public void Start(Effect effect)
    {
        switch (effect)
        {
            case StartModelCall start:
                meter.TurnGiven(start);
                break;
            case Raise { Event: UsageSettled settled }:
                meter.Settled(settled);
                break;
            case Forget forget:
                meter.Agents.Forget(forget.Process);
                break;
        }

        runners.Start(effect);
    }

    public void Expect(Launch launch) => runners.Expect(launch);
}
