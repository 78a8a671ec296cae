namespace Analemma.Journal;

/// <summary>
/// A journal that lasts as long as the object: for tests, and for a kernel that is told to keep nothing. It behaves
/// like the store on disk, except that it calls back at once.
/// </summary>
public sealed class MemoryJournalStore : IJournalStore
{
    private readonly KeptRecords _kept = new();

    public JournalPosition Anchor => _kept.Anchor;

    public JournalPosition Last => _kept.Last;

    public bool TailCanTear => false;

    public long Commits { get; private set; }

    public IEnumerable<JournalRecord> Read(long fromSequence) => _kept.Read(fromSequence);

    public Checkpoint? ReadCheckpoint() => _kept.Checkpoint;

    public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
    {
        foreach (var record in batch)
        {
            _kept.Add(record with { Body = record.Body.ToArray() });
        }

        Commits++;
        done(null);
    }

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        _kept.Keep(checkpoint);
        return Task.CompletedTask;
    }

    public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) =>
        Task.FromResult(_kept.Prune(throughSequence));

    public void DropTail(long fromSequence) =>
        throw new NotSupportedException("the tail of this store cannot tear");

    public void Dispose()
    {
    }
}
