using System.Collections.Concurrent;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Executions whose commit is done and that go on. Commits end by the hundred at once: as many workers as there are
/// processors take them one after the other, where a work item for each would wake and switch threads for each. What
/// a few of them send to the same environment of a function leaves together.
/// </summary>
internal sealed class ReadyTurns : IThreadPoolWorkItem
{
    /// <summary>Executions whose sends wait for each other.</summary>
    private const int GatheredMax = 8;

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
            GatheredSends.Begin();
            try
            {
                var left = GatheredMax;
                do
                {
                    goes();
                }
                while (--left > 0 && _ready.TryDequeue(out goes));
            }
            finally
            {
                GatheredSends.End();
            }
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
