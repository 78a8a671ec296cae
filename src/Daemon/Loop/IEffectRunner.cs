using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Loop;

/// <summary>Lets one effect out. Returns at once; what comes of it comes back as an event.</summary>
internal interface IEffectRunner
{
    void Start(Effect effect);

    /// <summary>
    /// This launch will be let out next, once its SPAWN is on disk, or never: what it needs may be got ready meanwhile,
    /// and nothing of it may be seen. Returns at once.
    /// </summary>
    void Expect(Launch launch)
    {
    }
}
