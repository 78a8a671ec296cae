using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store that is another one, but for what a test changes of it.</summary>
internal abstract class PassThroughStore(IExecutionStore inner) : IExecutionStore
{
    public string Name => Inner.Name;

    public ExecutionStoreHealth Health => Inner.Health;

    public void Ready() => Inner.Ready();

    public long Commits => Inner.Commits;

    public long LastKey => Inner.LastKey;

    public virtual void Write(ExecutionStoreChange change, Action<JournalStoreException?> done) =>
        Inner.Write(change, done);

    public IReadOnlyList<StoredDocument> Documents(string kind) => Inner.Documents(kind);

    public StoredExecution? Find(string arn) => Inner.Find(arn);

    public StoredExecution? Find(long key) => Inner.Find(key);

    public IReadOnlyList<StoredExecution> Open() => Inner.Open();

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => Inner.List(query);

    public virtual IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Inner.Records(key, fromSequence);

    public virtual Checkpoint? Checkpoint(long key) => Inner.Checkpoint(key);

    public IReadOnlyList<long> EndedBefore(long ticks, int max) => Inner.EndedBefore(ticks, max);

    public void Dispose() => Inner.Dispose();

    protected IExecutionStore Inner { get; } = inner;
}
