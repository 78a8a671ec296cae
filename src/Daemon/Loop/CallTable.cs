using System.Collections.Concurrent;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Loop;

/// <summary>The calls that are inside the kernel or with a runner, by id. Each is taken out once, by its end.</summary>
internal sealed class CallTable
{
    private readonly ConcurrentDictionary<long, SyscallCall> _calls = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _watched = new();
    private readonly ConcurrentDictionary<long, object> _kept = new();

    // A message is most often answered in the turn that it begins, by the thread that brings it: such a call need not
    // be looked for. Set and taken with the loop's baton alone.
    private SyscallCall? _entering;

    // Most calls keep nothing: to ask the dictionary of each would cost more than this. Never below what is in it.
    private int _keptMax;

    public int Count => _calls.Count;

    /// <summary>What came with calls and lies in mailboxes now.</summary>
    public HandleTable Handles { get; } = new();

    public void Add(SyscallCall call) => _calls[call.Id] = call;

    /// <summary>With the loop's baton: a call whose turn comes now, and which no runner will have.</summary>
    public void AddEntering(SyscallCall call) => _entering = call;

    /// <summary>Before the baton is given away: who still waits is looked for from now on.</summary>
    public void SettleEntering()
    {
        if (_entering is { } call)
        {
            _calls[call.Id] = call;
            _entering = null;
        }
    }

    public SyscallCall? Find(long id) => _calls.GetValueOrDefault(id);

    public SyscallCall? Remove(long id)
    {
        if (_entering is { } entering && entering.Id == id)
        {
            _entering = null;
            return entering;
        }

        var found = _calls.TryRemove(id, out var call);
        Interlocked.MemoryBarrier();
        TakeKept(id);
        return found ? call : null;
    }

    /// <summary>Keeps what a runner has for the call's end; it goes with the call, however that ends.</summary>
    public void Keep(long id, object what)
    {
        Interlocked.Increment(ref _keptMax);
        if (!_kept.TryAdd(id, what))
        {
            _kept[id] = what;
            Interlocked.Decrement(ref _keptMax);
        }

        if (!_calls.ContainsKey(id))
        {
            TakeKept(id);
        }
    }

    public object? FindKept(long id) => _kept.GetValueOrDefault(id);

    public object? TakeKept(long id)
    {
        if (Volatile.Read(ref _keptMax) == 0 || !_kept.TryRemove(id, out var kept))
        {
            return null;
        }

        Interlocked.Decrement(ref _keptMax);
        return kept;
    }

    /// <summary>
    /// Takes a call out that its client took back, and tells its runner: on a thread of the pool, for what a runner
    /// does then may take its time, and the client's thread serves others.
    /// </summary>
    public bool Cancel(long id)
    {
        var found = Remove(id) is not null;
        if (_watched.TryRemove(id, out var watched))
        {
            _ = EndAsync(watched);
        }

        return found;
    }

    private static async Task EndAsync(CancellationTokenSource watched)
    {
        // A callback that throws is its runner's fault, which the runner meets when it waits for what it began.
        await watched.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        watched.Dispose();
    }

    /// <summary>For a runner: cancelled when the client takes the call back, or when the kernel stops.</summary>
    public CancellationToken Watch(SyscallCall call, CancellationToken stopping)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var token = source.Token;
        _watched[call.Id] = source;
        if (call.IsOver)
        {
            Cancel(call.Id);
        }

        return token;
    }

    /// <summary>The runner has ended. Whoever takes the source out disposes of it.</summary>
    public void Unwatch(long id)
    {
        if (_watched.TryRemove(id, out var watched))
        {
            watched.Dispose();
        }
    }
}
