using Analemma.Sandbox;
using Analemma.Sandbox.Notify;
using Analemma.Sandbox.Pool;

namespace Analemma.Daemon.Boot;

/// <summary>The engines of one kernel and the listener that sees what they deny, put together.</summary>
internal sealed class SandboxStack : IAsyncDisposable
{
    private readonly NotifyListener _listener;

    private readonly ISandboxEngine _cold;
    private readonly ISandboxEngine _unsandboxed;
    private WarmPool? _pool;

    private SandboxStack(ISandboxEngine cold, ISandboxEngine unsandboxed, NotifyListener listener) =>
        (_cold, _unsandboxed, _listener) = (cold, unsandboxed, listener);

    public EngineReport Report => _cold.Report;

    /// <summary>Warm sandboxes that are ready.</summary>
    public (int Created, int Preloaded) PoolCounts => _pool?.Counts ?? (0, 0);

    /// <summary>The engine for agents with a sandbox, or for those that asked to have none.</summary>
    public ISandboxEngine For(bool sandboxed) => !sandboxed ? _unsandboxed : (ISandboxEngine?)_pool ?? _cold;

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

    /// <summary>Begins to keep sandboxes warm. After leftovers are settled, which would take them for some.</summary>
    public void OpenPool(PoolOptions options, ISlotSockets sockets, TimeProvider time)
    {
        if (options.Created + options.Preloaded > 0)
        {
            _pool = SandboxEngines.AddPool(_cold, options, sockets, time);
        }
    }

    /// <summary>What an earlier kernel left and is wanted; the rest is killed and removed.</summary>
    public async Task<IReadOnlyList<ISandbox>> AdoptAsync(
        IReadOnlySet<string> wanted, CancellationToken cancellationToken) =>
    [
        .. await _cold.AdoptAsync(wanted.Contains, cancellationToken),
        .. await _unsandboxed.AdoptAsync(wanted.Contains, cancellationToken),
    ];

    /// <summary>A sandbox has ended: nothing of it is listened to any more.</summary>
    public void Ended(string key) => _listener.Forget(key);

    public async ValueTask DisposeAsync()
    {
        await For(sandboxed: true).DisposeAsync();
        await _unsandboxed.DisposeAsync();
        await _listener.DisposeAsync();
    }
}
