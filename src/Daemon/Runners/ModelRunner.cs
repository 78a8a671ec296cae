using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Ends every attempt of a model call, as its contract wants it, with the truth: this kernel has no way to a model.
/// </summary>
internal sealed class ModelRunner(Action<KernelEvent> post, Func<long> now)
{
    private static readonly ModelResult NotConfigured = new()
    {
        Failure = new ModelFailure(ModelFailureKind.NotConfigured, "LLM not configured (set GEMINI_API_KEY)")
        {
            Hint = "this kernel has no model drivers yet",
        },
    };

    public void Start(StartModelCall start) =>
        post(new ModelCallEnded(start.Call, start.Attempt, NotConfigured) { At = now() });
}
