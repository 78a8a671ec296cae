using System.Collections.Concurrent;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Executions whose commit is done and that go on. Commits end by the hundred at once: as many workers as there are
/// processors take them one after the other, where a work item for each would wake and switch threads for each.
/// </summary>
internal sealed class ReadyTurns : IThreadPoolWorkItem
{
    private static readonly int WorkersMax = Math.Max(2, Environment.ProcessorCount);

    private readonly ConcurrentQueue<Action> _ready = new();
    private int _workers;

    /// <summary>Any thread; it is not held.</summary>
    public void Add(Action goes)
    {
        _ready.Enqueue(goes);
        Employ();
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (_ready.TryDequeue(out var goes))
        {
            goes();
        }

        Interlocked.Decrement(ref _workers);
        if (!_ready.IsEmpty)
        {
            // It came between the last look and the leaving, when there seemed to be somebody.
            Employ();
        }
    }

    private void Employ()
    {
        var workers = Volatile.Read(ref _workers);
        while (workers < WorkersMax)
        {
            var seen = Interlocked.CompareExchange(ref _workers, workers + 1, workers);
            if (seen == workers)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }

            workers = seen;
        }
    }
}
