using System.Diagnostics;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Integration.Tests.Workflows.Crash;

/// <summary>A store that ends its process by SIGKILL at one of its commits.</summary>
/// <param name="inner">Keeps what is written.</param>
/// <param name="killAt">At which commit of an execution, from 1; 0 for none.</param>
/// <param name="isKept">Whether that commit is on disk before anybody hears of it, or is never begun.</param>
internal sealed class KillingStore(IExecutionStore inner, int killAt, bool isKept) : IExecutionStore
{
    private int _writes;

    public string Name => inner.Name;

    public long Commits => inner.Commits;

    public ExecutionStoreHealth Health => inner.Health;

    public long LastKey => inner.LastKey;

    public bool IsLent => inner.IsLent;

    public void Ready() => inner.Ready();

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        // State machines are there before anything is killed.
        if (change.Key == 0 || Interlocked.Increment(ref _writes) != killAt)
        {
            inner.Write(change, done);
        }
        else if (isKept)
        {
            inner.Write(change, _ => Die());
        }
        else
        {
            Die();
        }
    }

    public IReadOnlyList<StoredDocument> Documents(string kind) => inner.Documents(kind);

    public StoredExecution? Find(string arn) => inner.Find(arn);

    public StoredExecution? Find(long key) => inner.Find(key);

    public IReadOnlyList<StoredExecution> Open() => inner.Open();

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => inner.List(query);

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) => inner.Records(key, fromSequence);

    public Checkpoint? Checkpoint(long key) => inner.Checkpoint(key);

    public IReadOnlyList<long> EndedBefore(long ticks, int max) => inner.EndedBefore(ticks, max);

    public void Dispose() => inner.Dispose();

    private static void Die()
    {
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.InfiniteTimeSpan);
    }
}
