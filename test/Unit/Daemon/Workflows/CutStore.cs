using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>
/// A store whose kernel is killed at one of its commits: from then on nothing is written, and nobody is told anything.
/// With one execution named, that is cut off alone, as when the others' commits came just before the kill.
/// </summary>
/// <param name="inner">Keeps what was written before.</param>
/// <param name="cutAt">At which commit, from 1.</param>
/// <param name="isKept">Whether that commit is still on disk, or was lost with its kernel.</param>
/// <param name="only">The one execution whose commits are counted and lost; null for all.</param>
internal sealed class CutStore(IExecutionStore inner, int cutAt, bool isKept, long? only = null) : IExecutionStore
{
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writes;

    /// <summary>Completes when it is cut, and what is kept is on disk.</summary>
    public Task Cut => _cut.Task;

    public string Name => inner.Name;

    public ExecutionStoreHealth Health => inner.Health;

    public void Ready() => inner.Ready();

    public long Commits => inner.Commits;

    public long LastKey => inner.LastKey;

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        // State machines are there before anything is killed.
        if (change.Key == 0 || (only is { } one && change.Key != one))
        {
            inner.Write(change, done);
            return;
        }

        var number = Interlocked.Increment(ref _writes);
        if (number < cutAt)
        {
            inner.Write(change, done);
        }
        else if (number == cutAt && isKept)
        {
            inner.Write(change, _ => _cut.SetResult());
        }
        else if (number == cutAt)
        {
            _cut.SetResult();
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
}
