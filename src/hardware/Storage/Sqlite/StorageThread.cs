using Analemma.Linux;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// One thread that owns one database connection and runs what is posted to it, in order; or a few, which then see to it
/// themselves that they do not meet. Its work ends when it is disposed; what was posted before still runs.
/// </summary>
/// <remarks>
/// A thread without work sleeps. The collections that block yield some dozen times first, which keeps few processors
/// from whoever is to post.
/// </remarks>
internal sealed class StorageThread : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private readonly Thread[] _threads;
    private bool _ends;

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
        lock (_gate)
        {
            if (_ends)
            {
                return false;
            }

            _work.Enqueue(work);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ends = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads.Where(each => each.ManagedThreadId != Environment.CurrentManagedThreadId))
        {
            thread.Join();
        }
    }

    private void Run()
    {
        // A commit's flush has ended, and all who wait for the commit wait for this thread to see it.
        _ = ThreadSlice.TrySet(ThreadSlice.Shortest);
        while (Next() is { } work)
        {
            work();
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            Action? work;
            while (!_work.TryDequeue(out work) && !_ends)
            {
                Monitor.Wait(_gate);
            }

            return work;
        }
    }
}
