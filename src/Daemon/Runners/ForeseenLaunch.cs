using Analemma.Kernel.Effects;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>
/// A launch whose SPAWN is on its way to the disk, and the warm sandbox that is got ready for it meanwhile. Nothing of
/// it is seen, and nothing of the agent runs, until the launch itself comes.
/// </summary>
internal sealed class ForeseenLaunch(Launch launch, long began)
{
    // Whoever waits goes on at once, on the thread that got it ready: to change over would take as long as the rest.
    private readonly TaskCompletionSource<ISandbox?> _ready = new();

    public Launch Launch { get; } = launch;

    /// <summary>When it was foreseen, as the clock counts.</summary>
    public long Began { get; } = began;

    /// <summary>The sandbox; null when there is none that fits, or when it could not be made ready.</summary>
    public Task<ISandbox?> Ready => _ready.Task;

    public void End(ISandbox? sandbox) => _ready.SetResult(sandbox);
}
