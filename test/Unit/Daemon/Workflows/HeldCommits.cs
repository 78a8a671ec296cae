using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store whose commits of executions wait for the test, while it holds them.</summary>
internal sealed class HeldCommits(IExecutionStore inner) : IExecutionStore
{
    private readonly Lock _gate = new();
    private List<(ExecutionStoreChange Change, Action<JournalStoreException?> Done)>? _held;

    /// <summary>Commits that wait.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held?.Count ?? 0;
            }
        }
    }

    public string Name => inner.Name;

    public ExecutionStoreHealth Health => inner.Health;

    public long Commits => inner.Commits;

    public long LastKey => inner.LastKey;

    public void Ready() => inner.Ready();

    public void Hold()
    {
        lock (_gate)
        {
            _held ??= [];
        }
    }

    public void Release()
    {
        List<(ExecutionStoreChange Change, Action<JournalStoreException?> Done)> held;
        lock (_gate)
        {
            held = _held ?? [];
            _held = null;
        }

        foreach (var (change, done) in held)
        {
            inner.Write(change, done);
        }
    }

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        lock (_gate)
        {
            if (_held is not null && change.Key != 0)
            {
                _held.Add((change, done));
                return;
            }
        }

        inner.Write(change, done);
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
