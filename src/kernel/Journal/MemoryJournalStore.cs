namespace Analemma.Journal;

/// <summary>
/// A journal that lasts as long as the object: for tests, and for a kernel that is told to keep nothing. It behaves
/// like the store on disk, except that it calls back at once.
/// </summary>
public sealed class MemoryJournalStore : IJournalStore
{
    private readonly List<JournalRecord> _records = [];
    private Checkpoint? _checkpoint;

    public JournalPosition Anchor { get; private set; }

    public JournalPosition Last => _records.Count == 0 ? Anchor : _records[^1].Position;

    public bool TailCanTear => false;

    public long Commits { get; private set; }

    public IEnumerable<JournalRecord> Read(long fromSequence)
    {
        for (var i = (int)Math.Max(0, fromSequence - Anchor.Sequence - 1); i < _records.Count; i++)
        {
            yield return _records[i];
        }
    }

    public Checkpoint? ReadCheckpoint() => _checkpoint;

    public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
    {
        foreach (var record in batch)
        {
            _records.Add(record with { Body = record.Body.ToArray() });
        }

        Commits++;
        done(null);
    }

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        _checkpoint = checkpoint with { State = checkpoint.State.ToArray() };
        return Task.CompletedTask;
    }

    public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken)
    {
        var through = Math.Min(throughSequence, _checkpoint?.Position.Sequence ?? 0);
        var count = (int)Math.Clamp(through - Anchor.Sequence, 0, JournalLimits.PruneRecordsMax);
        if (count > 0)
        {
            Anchor = _records[count - 1].Position;
            _records.RemoveRange(0, count);
        }

        return Task.FromResult(count);
    }

    public void DropTail(long fromSequence) =>
        throw new NotSupportedException("the tail of this store cannot tear");

    public void Dispose()
    {
    }
}
