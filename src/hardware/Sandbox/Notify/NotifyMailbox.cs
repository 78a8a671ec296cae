using System.Collections.Concurrent;
using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>What other threads want of the listener's thread.</summary>
internal sealed class NotifyMailbox : IDisposable
{
    private readonly ConcurrentQueue<string> _forgotten = new();
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

    public void Stop()
    {
        _stopped = true;
        Wake.Set();
    }

    public void Take(NotifyTable table)
    {
        Wake.Clear();
        while (_forgotten.TryDequeue(out var key))
        {
            table.Remove(key);
        }
    }

    public void Dispose() => Wake.Dispose();
}
