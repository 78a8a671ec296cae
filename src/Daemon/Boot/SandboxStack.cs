using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Runners;
using Analemma.Linux;
using Analemma.Sandbox;
using Analemma.Sandbox.Notify;
using Analemma.Sandbox.Pool;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Boot;

/// <summary>The engines of one kernel and the listener that sees what they deny, put together.</summary>
internal sealed class SandboxStack : IAsyncDisposable
{
    private readonly NotifyListener _listener;
    private readonly FilterHolder? _holder;
    private readonly ISandboxEngine _cold;
    private readonly ISandboxEngine _unsandboxed;
    private WarmPool? _pool;

    private SandboxStack(
        ISandboxEngine cold, ISandboxEngine unsandboxed, NotifyListener listener, FilterHolder? holder) =>
        (_cold, _unsandboxed, _listener, _holder) = (cold, unsandboxed, listener, holder);

    public EngineReport Report => _cold.Report;

    /// <summary>Warm sandboxes that are ready.</summary>
    public (int Created, int Preloaded) PoolCounts => _pool?.Counts ?? (0, 0);

    /// <summary>The engine for agents with a sandbox, or for those that asked to have none.</summary>
    public ISandboxEngine For(bool sandboxed) => !sandboxed ? _unsandboxed : (ISandboxEngine?)_pool ?? _cold;

    /// <param name="options">What the sandboxes are made with.</param>
    /// <param name="adopts">Whether agents live on when their kernel is killed.</param>
    /// <param name="denied">Takes denied attempts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Told of what was lost and repaired.</param>
    /// <param name="cancellationToken">Ends the trial of engines.</param>
    public static async Task<SandboxStack> OpenAsync(
        SandboxEngineOptions options,
        bool adopts,
        DeniedSink denied,
        TimeProvider time,
        ILogger log,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.StateFolder);
        var path = Path.Combine(options.StateFolder, "seccomp.sock");
        var holder = OpenHolder(options.StateFolder, adopts, log);
        NotifyListener listener = new(
            path, denied, time, onFault: fault => log.ListenerFault(fault.Message), holder: holder);
        try
        {
            var notifying = options with { NotifySocket = path, PassedOver = log.EnginePassedOver };
            var trial = SandboxEngines.OpenAsync(notifying, cancellationToken);
            // Made while the sandbox of the trial runs.
            var other = SandboxEngines.OpenAsync(
                options with
                {
                    Engine = "unsandboxed",
                    StateFolder = Path.Combine(options.StateFolder, "unsandboxed"),
                    Instance = null,
                },
                cancellationToken);
            var (cold, unsandboxed) = await BothAsync(trial, other);
            return new SandboxStack(cold, unsandboxed, listener, holder);
        }
        catch
        {
            await listener.DisposeAsync();
            Release(holder, agentsLiveOn: true);
            throw;
        }
    }

    /// <summary>
    /// Waits for both also when one fails: a trial left to itself would go on, and its sandbox outlive the refusal.
    /// </summary>
    internal static async Task<(ISandboxEngine Cold, ISandboxEngine Unsandboxed)> BothAsync(
        Task<ISandboxEngine> trial, Task<ISandboxEngine> other)
    {
        try
        {
            await Task.WhenAll(trial, other);
            return (await trial, await other);
        }
        catch
        {
            foreach (var made in new[] { trial, other }.Where(each => each.IsCompletedSuccessfully))
            {
                await (await made).DisposeAsync();
            }

            throw;
        }
    }

    private static FilterHolder? OpenHolder(string stateFolder, bool adopts, ILogger log)
    {
        if (!adopts)
        {
            FilterHolder.EndLeftover(stateFolder);
            return null;
        }

        try
        {
            return FilterHolder.Open(stateFolder, log.HolderFault);
        }
        catch (LinuxException failed)
        {
            log.HolderFault($"{failed.Message}; agents of this kernel cannot be adopted by the next");
            return null;
        }
    }

    private static void Release(FilterHolder? holder, bool agentsLiveOn)
    {
        if (holder is not null && (!agentsLiveOn || holder.IsEmpty))
        {
            holder.End();
        }

        holder?.Dispose();
    }

    /// <summary>Begins to keep sandboxes warm. After leftovers are settled, which would take them for some.</summary>
    public void OpenPool(PoolOptions options, ISlotSockets sockets, TimeProvider time)
    {
        if (options.Created + options.Preloaded > 0)
        {
            // Nearly every agent gets these, and an interpreter that has them already need not set them as it is taken.
            var http = HttpVariables.Of(_cold.Report.LoopbackLack is null ? AgentEndpoints.BaseUrl : null);
            Dictionary<string, string> env = new(options.Env.Concat(http), StringComparer.Ordinal);
            _pool = SandboxEngines.AddPool(_cold, options with { Env = env }, sockets, time);
        }
    }

    /// <summary>What an earlier kernel left and is wanted; the rest is killed and removed.</summary>
    public async Task<IReadOnlyList<ISandbox>> AdoptAsync(
        IReadOnlySet<string> wanted, CancellationToken cancellationToken) =>
    [
        .. await _cold.AdoptAsync(wanted.Contains, cancellationToken),
        .. await _unsandboxed.AdoptAsync(wanted.Contains, cancellationToken),
    ];

    /// <summary>
    /// Whether a sandbox of an earlier kernel can live on as it was. Without its filter's descriptor it could open
    /// nothing for writing and connect nowhere; one whose denials are not reported has none.
    /// </summary>
    public bool CanAdopt(ISandbox sandbox) =>
        sandbox.Missing.Contains(GuaranteeNames.Denials) || sandbox.Exited.IsCompleted
        || _holder?.Has(sandbox.Key) == true;

    /// <summary>Listens to the adopted ones; those that are not have been killed.</summary>
    public void ListenToAdopted(IReadOnlySet<string> adopted) => _listener.Adopt(adopted.Contains);

    /// <summary>A sandbox has ended: nothing of it is listened to any more.</summary>
    public void Ended(string key) => _listener.Forget(key);

    /// <summary>Set when this kernel ends before its agents: the next one adopts or reaps them.</summary>
    public bool AgentsLiveOn { get; set; }

    public async ValueTask DisposeAsync()
    {
        await For(sandboxed: true).DisposeAsync();
        await _unsandboxed.DisposeAsync();
        await _listener.DisposeAsync();
        Release(_holder, AgentsLiveOn);
    }
}
