using Analemma.Sandbox;

namespace Analemma.Daemon.Boot;

/// <summary>The engines of one kernel, and how they are put together.</summary>
internal sealed class SandboxStack : IAsyncDisposable
{
    private SandboxStack(ISandboxEngine sandboxed, ISandboxEngine unsandboxed) =>
        (Sandboxed, Unsandboxed) = (sandboxed, unsandboxed);

    public ISandboxEngine Sandboxed { get; }

    public ISandboxEngine Unsandboxed { get; }

    public EngineReport Report => Sandboxed.Report;

    public static async Task<SandboxStack> OpenAsync(
        SandboxEngineOptions options, CancellationToken cancellationToken)
    {
        var sandboxed = await SandboxEngines.OpenAsync(options, cancellationToken);
        var unsandboxed = await SandboxEngines.OpenAsync(
            options with
            {
                Engine = "unsandboxed",
                StateFolder = Path.Combine(options.StateFolder, "unsandboxed"),
                Instance = null,
            },
            cancellationToken);
        return new SandboxStack(sandboxed, unsandboxed);
    }

    public static (int Created, int Preloaded) PoolCounts() => (0, 0);

    public async ValueTask DisposeAsync()
    {
        await Sandboxed.DisposeAsync();
        await Unsandboxed.DisposeAsync();
    }
}
