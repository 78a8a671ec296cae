using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Whoever follows the history of an execution while it runs. A watch is told that there is more, and reads that from
/// the store when it likes: nothing is kept for it, and it can hold up nobody.
/// </summary>
internal sealed class HistoryWatchers
{
    private readonly ConcurrentDictionary<long, ImmutableArray<HistoryWatch>> _watches = new();

    /// <summary>Executions that somebody follows.</summary>
    public int Count => _watches.Count;

    /// <summary>Follows an execution until it is disposed.</summary>
    public HistoryWatch Watch(long key)
    {
        HistoryWatch watch = new(this, key);
        _watches.AddOrUpdate(
            key, static (_, added) => [added], static (_, there, added) => there.Add(added), watch);
        return watch;
    }

    /// <summary>There is more of this execution, durably. Any thread; never waits.</summary>
    public void Tell(long key)
    {
        if (!_watches.IsEmpty && _watches.TryGetValue(key, out var watches))
        {
            foreach (var watch in watches)
            {
                watch.Tell();
            }
        }
    }

    internal void Remove(HistoryWatch watch)
    {
        while (_watches.TryGetValue(watch.Key, out var there))
        {
            var left = there.Remove(watch);
            if (left.IsEmpty
                ? _watches.TryRemove(KeyValuePair.Create(watch.Key, there))
                : _watches.TryUpdate(watch.Key, left, there))
            {
                return;
            }
        }
    }
}

/// <summary>One who follows an execution.</summary>
internal sealed class HistoryWatch(HistoryWatchers all, long key) : IDisposable
{
    // Whether there is more is all that it remembers.
    private readonly Channel<bool> _more = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public long Key => key;

    public void Tell() => _more.Writer.TryWrite(true);

    /// <summary>Waits until there is more: false when nothing came in that time.</summary>
    public async Task<bool> WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancelled)
    {
        using CancellationTokenSource late = new(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancelled);
        try
        {
            return await _more.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancelled.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose() => all.Remove(this);
}
