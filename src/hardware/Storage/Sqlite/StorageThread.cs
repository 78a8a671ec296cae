using System.Collections.Concurrent;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// One thread that owns one database connection and runs what is posted to it, in order. Its work ends when it is
/// disposed; what was posted before still runs.
/// </summary>
internal sealed class StorageThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new(new ConcurrentQueue<Action>());
    private readonly Thread _thread;

    public StorageThread(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>False once the thread is ending.</summary>
    public bool TryPost(Action work)
    {
        try
        {
            return _work.TryAdd(work);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        if (Environment.CurrentManagedThreadId != _thread.ManagedThreadId)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
