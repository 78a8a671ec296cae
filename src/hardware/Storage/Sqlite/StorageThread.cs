using System.Collections.Concurrent;
using Analemma.Linux;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// One thread that owns one database connection and runs what is posted to it, in order; or a few, which then see to it
/// themselves that they do not meet. Its work ends when it is disposed; what was posted before still runs.
/// </summary>
internal sealed class StorageThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new(new ConcurrentQueue<Action>());
    private readonly Thread[] _threads;

    public StorageThread(string name, int threads = 1)
    {
        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = name };
            _threads[i].Start();
        }
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
        foreach (var thread in _threads.Where(each => each.ManagedThreadId != Environment.CurrentManagedThreadId))
        {
            thread.Join();
        }
    }

    private void Run()
    {
        // A commit's flush has ended, and all who wait for the commit wait for this thread to see it.
        _ = ThreadSlice.TrySet(ThreadSlice.Shortest);
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
