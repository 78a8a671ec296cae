namespace Analemma.Journal;

/// <summary>A journal to read. What it returns is unchecked: <see cref="Recovery"/> checks it.</summary>
public interface IJournalReader
{
    /// <summary>What the oldest kept record follows: the beginning, or the last record that was pruned.</summary>
    JournalPosition Anchor { get; }

    /// <summary>The last committed record by the store's own note, kept apart from the records.</summary>
    JournalPosition Last { get; }

    /// <summary>
    /// True if a crash can leave a part of a batch behind, so that a bad last record means a crash and not corruption.
    /// </summary>
    bool TailCanTear { get; }

    /// <summary>
    /// The kept records from a sequence on, in order, until the last one committed when it is reached.
    /// </summary>
    IEnumerable<JournalRecord> Read(long fromSequence);

    /// <summary>The newest checkpoint; throws <see cref="JournalCorruptException"/> if its digest is wrong.</summary>
    Checkpoint? ReadCheckpoint();
}

/// <summary>
/// Keeps the journal. Single owner: opening a store that another kernel has open fails with InUse. Failures are
/// <see cref="JournalStoreException"/>. Production stores and the simulator's disk implement it.
/// </summary>
public interface IJournalStore : IJournalReader, IDisposable
{
    /// <summary>Transactions committed by <see cref="Append"/> since the store was opened.</summary>
    long Commits { get; }

    /// <summary>
    /// Makes a batch durable, whole or not at all, and then calls back: null for done. The callback may come before
    /// this method returns, or later on the store's own thread, which it must not hold. Not called again before it has
    /// called back. The batch must follow <see cref="IJournalReader.Last"/>.
    /// </summary>
    void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done);

    /// <summary>Replaces the checkpoint. Its position must be the anchor, or that of a kept record.</summary>
    Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets at most <see cref="JournalLimits.PruneRecordsMax"/> of the oldest records up to a sequence, none of them
    /// after the checkpoint, and moves the anchor. Returns how many.
    /// </summary>
    Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken);

    /// <summary>Forgets a torn tail, from a sequence on. Only for stores whose tail can tear.</summary>
    void DropTail(long fromSequence);
}
