using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store whose snapshots are others than were written, and which knows what was read.</summary>
internal sealed class TamperedStore(IExecutionStore inner, Func<Checkpoint?, Checkpoint?> tamper) : IExecutionStore
{
    /// <summary>From which sequence the records of an execution were read, in order.</summary>
    public List<long> ReadFrom { get; } = [];

    public List<Checkpoint> Written { get; } = [];

    public string Name => inner.Name;

    public ExecutionStoreHealth Health => inner.Health;

    public long Commits => inner.Commits;

    public long LastKey => inner.LastKey;

    public void Ready() => inner.Ready();

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        if (change.Checkpoint is { } made)
        {
            lock (Written)
            {
                Written.Add(made);
            }
        }

        inner.Write(change, done);
    }

    public IReadOnlyList<StoredDocument> Documents(string kind) => inner.Documents(kind);

    public StoredExecution? Find(string arn) => inner.Find(arn);

    public StoredExecution? Find(long key) => inner.Find(key);

    public IReadOnlyList<StoredExecution> Open() => inner.Open();

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => inner.List(query);

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1)
    {
        lock (ReadFrom)
        {
            ReadFrom.Add(fromSequence);
        }

        return inner.Records(key, fromSequence);
    }

    public Checkpoint? Checkpoint(long key) => tamper(inner.Checkpoint(key));

    public IReadOnlyList<long> EndedBefore(long ticks, int max) => inner.EndedBefore(ticks, max);

    public void Dispose() => inner.Dispose();
}
