using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Pool;

// THE WARM POOL
//
// In front of an engine, two kinds of sandboxes that are nobody yet:
//
//   created     made, not started; runs /run/analemma/start, which is written when it is taken
//   preloaded   runs a Python that has loaded what programs commonly import, and waits with CLAIM on its socket
//
// Each is taken once. Its limits, host name and place under a parent are set as it is taken; what cannot be set then
// (mounts, the network, the size of /work, the audit of reads) takes the cold path, as does whoever finds no slot.
// A background task makes new ones, one at a time; a slot that dies is replaced; when the host runs short of memory the
// idle ones are given up.
/// <summary>An engine that has sandboxes ready.</summary>
public sealed class WarmPool : ISandboxEngine
{
    private const string BootFile = OciBundle.SdkFolder + "/analemma/_boot.py";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FailureDelayMax = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Queue<LiveSandbox> _created = new();
    private readonly Queue<LiveSandbox> _preloaded = new();
    private readonly LauncherEngine _engine;
    private readonly PoolOptions _options;
    private readonly ISlotSockets _sockets;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly ITimer _rested;
    private readonly string _prefix;
    private readonly Task _filling;
    private bool _rests;
    private int _latest;
    private int _taken;
    private int _takenAtRest;

    internal WarmPool(LauncherEngine engine, PoolOptions options, ISlotSockets sockets, TimeProvider clock)
    {
        (_engine, _options, _sockets, _clock) = (engine, options, sockets, clock);
        _prefix = $"warm-{Guid.NewGuid().ToString("n")[..8]}";
        _rested = clock.CreateTimer(_ => Want(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _filling = FillAsync();
    }

    public EngineReport Report => _engine.Report;

    /// <summary>Slots that are ready now.</summary>
    public (int Created, int Preloaded) Counts
    {
        get
        {
            lock (_gate)
            {
                return (_created.Count, _preloaded.Count);
            }
        }
    }

    public async Task<ISandbox> CreateAsync(SandboxPolicy policy, CancellationToken cancellationToken) =>
        await TakeWarmAsync(policy) ?? await _engine.CreateAsync(policy, cancellationToken);

    public async ValueTask<ISandbox?> TakeWarmAsync(SandboxPolicy policy, Action<ISandbox, SandboxTier>? taken = null)
    {
        if (!Fits(policy))
        {
            return null;
        }

        var slot = policy.Python is null ? null : Take(_preloaded);
        if (slot is not null && await TryClaimAsync(slot, policy, SandboxTier.Preloaded, taken))
        {
            return slot;
        }

        if (StartScript.For(policy) is { } script && Take(_created) is { } created)
        {
            File.WriteAllText($"{created.RunFolder}/{StartScript.Name}", script);
            if (await TryClaimAsync(created, policy, SandboxTier.Created, taken))
            {
                return created;
            }
        }

        return null;
    }

    /// <summary>Before the pool is put in front of its engine, or it would sweep its own slots away.</summary>
    public Task<IReadOnlyList<ISandbox>> AdoptAsync(
        Func<string, bool> isWanted, CancellationToken cancellationToken) =>
        throw new SandboxException("leftovers are settled before the pool is opened");

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        // Whatever ended it, the rest is to be done.
        await _filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await GiveUpAsync();
        await _rested.DisposeAsync();
        _stopping.Dispose();
        _wanted.Dispose();
        await _engine.DisposeAsync();
    }

    private bool Fits(SandboxPolicy policy) =>
        policy is { PoolAllowed: true, Network: false, AuditReads: false, Mounts.Count: 0, PipesStreams: false }
        && policy.Ends is null && policy.Limits.WorkBytes == _options.Limits.WorkBytes
        && CommonFolders.Has(policy.Cwd);

    private LiveSandbox? Take(Queue<LiveSandbox> slots)
    {
        lock (_gate)
        {
            while (slots.TryDequeue(out var slot))
            {
                _taken++;
                Rest();
                if (!slot.Exited.IsCompleted)
                {
                    return slot;
                }
            }
        }

        return null;
    }

    private async Task<bool> TryClaimAsync(
        LiveSandbox slot, SandboxPolicy policy, SandboxTier tier, Action<ISandbox, SandboxTier>? taken)
    {
        try
        {
            taken?.Invoke(slot, tier);
            _engine.Claim(slot, policy, tier);
            return true;
        }
        catch (LinuxException failed)
        {
            await DiscardAsync(slot);
            throw new SandboxException(failed.Message, inner: failed);
        }
        catch (Exception failed) when (IsOfTheHost(failed))
        {
            // Its files could not be put in it, say.
            await DiscardAsync(slot);
            throw;
        }
        catch (SandboxException refused)
        {
            // Its limits cannot be made those of the agent: a cold sandbox will say why, if that is the agent's fault.
            await DiscardAsync(slot);
            if (refused.NotEnforceable)
            {
                throw;
            }

            return false;
        }
    }

    private static bool IsOfTheHost(Exception failed) =>
        failed is IOException or UnauthorizedAccessException or LinuxException;

    // New ones are made when whoever took one is long gone: a thread that is woken now often gets the processor that is
    // getting the slot ready.
    private void Rest()
    {
        if (!_rests)
        {
            (_rests, _takenAtRest) = (true, _taken);
            _rested.Change(_options.RefillDelay, Timeout.InfiniteTimeSpan);
        }
    }

    private void Want()
    {
        lock (_gate)
        {
            _rests = false;
        }

        if (_wanted.CurrentCount == 0)
        {
            _wanted.Release();
        }
    }

    private async Task FillAsync()
    {
        var failureDelay = TimeSpan.FromSeconds(1);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (HostMemory.AvailablePart() < _options.MemoryAvailableMin)
                {
                    await GiveUpAsync();
                }
                else if (await TryAddAsync())
                {
                    failureDelay = TimeSpan.FromSeconds(1);
                    continue;
                }

                await _wanted.WaitAsync(Look, _stopping.Token);
                await RestAsync();
                await DropDeadAsync();
            }
            catch (Exception failed) when (failed is SandboxException || IsOfTheHost(failed))
            {
                // The cold path still serves, and tells whoever asks what is wrong.
                await Task.Delay(failureDelay, _clock, _stopping.Token).ContinueWith(
                    _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                failureDelay = failureDelay * 2 < FailureDelayMax ? failureDelay * 2 : FailureDelayMax;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // One delay has passed since the first was taken; if others were taken in it, as many more as it needs.
    private async Task RestAsync()
    {
        var seen = Volatile.Read(ref _takenAtRest);
        for (var rested = _options.RefillDelay;
            seen != Volatile.Read(ref _taken) && rested < _options.RefillDelayMax && !HasRunOut();
            rested += _options.RefillDelay)
        {
            seen = Volatile.Read(ref _taken);
            await Task.Delay(_options.RefillDelay, _clock, _stopping.Token);
        }
    }

    private bool HasRunOut()
    {
        var (created, preloaded) = Counts;
        return (created == 0 && _options.Created > 0) || (preloaded == 0 && _options.Preloaded > 0);
    }

    // False when nothing is missing.
    private async Task<bool> TryAddAsync()
    {
        var (created, preloaded) = Counts;
        if (preloaded < _options.Preloaded && _engine.HasSdk)
        {
            await AddPreloadedAsync();
            return true;
        }

        if (created < _options.Created)
        {
            var slot = await MakeAsync("/bin/sh", $"{OciBundle.RunFolder}/{StartScript.Name}");
            Put(_created, slot);
            return true;
        }

        return false;
    }

    private async Task AddPreloadedAsync()
    {
        var slot = await MakeAsync(_options.Python, BootFile);
        TaskCompletionSource waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _sockets.OpenUnclaimed(slot, () => waits.TrySetResult());
        await slot.StartAsync(_stopping.Token);
        try
        {
            await Task.WhenAny(waits.Task, slot.Exited).WaitAsync(_options.PreloadMax, _clock, _stopping.Token);
        }
        catch (Exception failed) when (failed is TimeoutException or OperationCanceledException)
        {
            await DiscardAsync(slot);
            throw new SandboxException("a preloaded interpreter did not get ready", inner: failed);
        }

        if (!waits.Task.IsCompleted)
        {
            await DiscardAsync(slot);
            throw new SandboxException("a preloaded interpreter ended before it was ready");
        }

        Put(_preloaded, slot);
    }

    private async Task<LiveSandbox> MakeAsync(params string[] argv)
    {
        SandboxPolicy policy = new()
        {
            Key = $"{_prefix}-{(++_latest).ToString(CultureInfo.InvariantCulture)}",
            HostName = "agent",
            Argv = argv,
            Env = _options.Env,
            Limits = _options.Limits with { CpuWeight = _options.CpuWeight },
        };
        var slot = (LiveSandbox)await _engine.CreateAsync(policy, _stopping.Token);
        _sockets.Made(slot);
        return slot;
    }

    private void Put(Queue<LiveSandbox> slots, LiveSandbox slot)
    {
        lock (_gate)
        {
            slots.Enqueue(slot);
        }
    }

    private async Task DropDeadAsync()
    {
        List<LiveSandbox> dead = [];
        lock (_gate)
        {
            foreach (var slots in (Queue<LiveSandbox>[])[_created, _preloaded])
            {
                for (var left = slots.Count; left > 0; left--)
                {
                    var slot = slots.Dequeue();
                    if (slot.Exited.IsCompleted)
                    {
                        dead.Add(slot);
                    }
                    else
                    {
                        slots.Enqueue(slot);
                    }
                }
            }
        }

        foreach (var slot in dead)
        {
            await DiscardAsync(slot);
        }
    }

    private async Task GiveUpAsync()
    {
        while ((Take(_preloaded) ?? Take(_created)) is { } slot)
        {
            await DiscardAsync(slot);
        }
    }

    private async Task DiscardAsync(LiveSandbox slot)
    {
        _sockets.Close(slot);
        await slot.DisposeAsync();
    }
}
