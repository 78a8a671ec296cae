using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Loop;

/// <summary>Lets one effect out. Returns at once; what comes of it comes back as an event.</summary>
internal interface IEffectRunner
{
    void Start(Effect effect);
}
