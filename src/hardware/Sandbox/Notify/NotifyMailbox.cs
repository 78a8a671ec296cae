using System.Collections.Concurrent;
using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>What other threads want of the listener's thread.</summary>
internal sealed class NotifyMailbox : IDisposable
{
    private readonly ConcurrentQueue<string> _forgotten = new();
    private readonly ConcurrentQueue<(string Key, SeccompNotifyFd Filter)> _adopted = new();
    private volatile bool _stopped;

    public EventFd Wake { get; } = new();

    public bool Stopped => _stopped;

    public void Forget(string key)
    {
        if (!_stopped)
        {
            _forgotten.Enqueue(key);
            Wake.Set();
        }
    }

    public void Adopt(string key, SeccompNotifyFd filter)
    {
        _adopted.Enqueue((key, filter));
        Wake.Set();
    }

    public void Stop()
    {
        _stopped = true;
        Wake.Set();
    }

    public void Take(NotifyTable table, Action<string, SeccompNotifyFd> watch)
    {
        Wake.Clear();
        while (_adopted.TryDequeue(out var adopted))
        {
            watch(adopted.Key, adopted.Filter);
        }

        while (_forgotten.TryDequeue(out var key))
        {
            table.Remove(key);
        }
    }

    public void Dispose()
    {
        while (_adopted.TryDequeue(out var adopted))
        {
            adopted.Filter.Dispose();
        }

        Wake.Dispose();
    }
}
