namespace Analemma.Journal;

/// <summary>
/// The records and the checkpoint of a journal in memory, pruned from the front as a store on disk prunes them. One
/// thread at a time.
/// </summary>
public sealed class KeptRecords
{
    private readonly List<JournalRecord> _records = [];

    /// <summary>The position before the first record that is kept.</summary>
    public JournalPosition Anchor { get; private set; }

    /// <summary>The position of the last record.</summary>
    public JournalPosition Last => _records.Count == 0 ? Anchor : _records[^1].Position;

    /// <summary>The latest checkpoint.</summary>
    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>Keeps a record after the others.</summary>
    /// <param name="record">Its body is the caller's no more.</param>
    public void Add(JournalRecord record) => _records.Add(record);

    /// <summary>The records from a sequence on.</summary>
    /// <param name="fromSequence">The first of them.</param>
    public IEnumerable<JournalRecord> Read(long fromSequence)
    {
        for (var i = (int)Math.Max(0, fromSequence - Anchor.Sequence - 1); i < _records.Count; i++)
        {
            yield return _records[i];
        }
    }

    /// <summary>Takes the place of the checkpoint before.</summary>
    /// <param name="checkpoint">The state of it is copied.</param>
    public void Keep(Checkpoint checkpoint) => Checkpoint = checkpoint with { State = checkpoint.State.ToArray() };

    /// <summary>Drops the oldest records, at most as many at once as a store does. Returns how many.</summary>
    /// <param name="throughSequence">The last to be dropped, unless no checkpoint covers it.</param>
    public int Prune(long throughSequence)
    {
        var through = Math.Min(throughSequence, Checkpoint?.Position.Sequence ?? 0);
        var count = (int)Math.Clamp(through - Anchor.Sequence, 0, JournalLimits.PruneRecordsMax);
        if (count > 0)
        {
            Anchor = _records[count - 1].Position;
            _records.RemoveRange(0, count);
        }

        return count;
    }

    /// <summary>Drops one record, which a crash tore.</summary>
    /// <param name="sequence">Its sequence.</param>
    public void Drop(long sequence) => _records.RemoveAt((int)(sequence - Anchor.Sequence - 1));
}
