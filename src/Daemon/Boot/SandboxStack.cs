using Analemma.Sandbox;
using Analemma.Sandbox.Notify;

namespace Analemma.Daemon.Boot;

/// <summary>The engines of one kernel and the listener that sees what they deny, put together.</summary>
internal sealed class SandboxStack : IAsyncDisposable
{
    private readonly NotifyListener _listener;

    private SandboxStack(ISandboxEngine sandboxed, ISandboxEngine unsandboxed, NotifyListener listener) =>
        (Sandboxed, Unsandboxed, _listener) = (sandboxed, unsandboxed, listener);

    public ISandboxEngine Sandboxed { get; }

    public ISandboxEngine Unsandboxed { get; }

    public EngineReport Report => Sandboxed.Report;

    public static async Task<SandboxStack> OpenAsync(
        SandboxEngineOptions options, DeniedSink denied, TimeProvider time, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.StateFolder);
        var path = Path.Combine(options.StateFolder, "seccomp.sock");
        var listener = new NotifyListener(path, denied, time);
        try
        {
            var sandboxed = await SandboxEngines.OpenAsync(options with { NotifySocket = path }, cancellationToken);
            var plain = options with
            {
                Engine = "unsandboxed",
                StateFolder = Path.Combine(options.StateFolder, "unsandboxed"),
                Instance = null,
            };
            return new SandboxStack(
                sandboxed, await SandboxEngines.OpenAsync(plain, cancellationToken), listener);
        }
        catch
        {
            await listener.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many warm sandboxes are ready.</summary>
    public static (int Created, int Preloaded) PoolCounts() => (0, 0);

    /// <summary>What an earlier kernel left and is wanted; the rest is killed and removed.</summary>
    public async Task<IReadOnlyList<ISandbox>> AdoptAsync(
        IReadOnlySet<string> wanted, CancellationToken cancellationToken) =>
    [
        .. await Sandboxed.AdoptAsync(wanted.Contains, cancellationToken),
        .. await Unsandboxed.AdoptAsync(wanted.Contains, cancellationToken),
    ];

    /// <summary>A sandbox has ended: nothing of it is listened to any more.</summary>
    public void Ended(string key) => _listener.Forget(key);

    public async ValueTask DisposeAsync()
    {
        await Sandboxed.DisposeAsync();
        await Unsandboxed.DisposeAsync();
        await _listener.DisposeAsync();
    }
}
