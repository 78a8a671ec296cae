namespace Analemma.Journal;

// GROUP COMMIT
//
// Callers hand over batches; each batch is chained and committed as a whole, in the order it came. One commit is in
// progress at a time. What arrives meanwhile waits and goes into the next commit together, so the number of disk
// flushes follows the disk's speed and not the callers' number. A batch is never split over two commits.
//
// Records get their place in the chain when their commit starts, from the store's last position. A commit that failed
// therefore leaves no gap: its callers are told, and the next commit starts where the last good one ended.
//
// The store calls back on its own thread (or at once, if it needs no thread). The callers' callbacks run there, in
// order, and then the next commit starts: no thread is passed through that the store does not have anyway.

/// <summary>What became of one batch: the position of its last record, or why it was not kept.</summary>
public readonly record struct AppendOutcome(JournalPosition Position, JournalStoreException? Failure);

/// <summary>The one way to write to a journal. Can be called from any thread.</summary>
public sealed class JournalWriter(IJournalStore store)
{
    private const int Calling = 1;
    private const int Waiting = 2;
    private const int Completed = 3;

    private readonly List<Pending> _group = [];
    private List<JournalRecord> _records = [];
    private int _stage;

    private readonly Lock _lock = new();
    private readonly Queue<Pending> _pending = new();
    private int _pendingRecords;
    private long _pendingBytes;
    private bool _committing;

    private readonly record struct Pending(
        IReadOnlyList<JournalEntry> Batch, long Bytes, Action<AppendOutcome> Done);

    /// <summary>
    /// Takes a batch and calls back once it is durable, or has failed. False, and no call back, if too much waits
    /// already. The callback runs on the store's thread and must not hold it.
    /// </summary>
    public bool TryAppend(IReadOnlyList<JournalEntry> batch, Action<AppendOutcome> done)
    {
        var bytes = CheckBatch(batch);
        lock (_lock)
        {
            if (_pendingRecords + batch.Count > JournalLimits.PendingRecordsMax
                || _pendingBytes + bytes > JournalLimits.PendingBytesMax)
            {
                return false;
            }

            _pending.Enqueue(new Pending(batch, bytes, done));
            _pendingRecords += batch.Count;
            _pendingBytes += bytes;
            if (_committing)
            {
                return true;
            }

            _committing = true;
        }

        CommitPending();
        return true;
    }

    /// <summary>The same for callers that await. The position is that of the batch's last record.</summary>
    public Task<JournalPosition> AppendAsync(IReadOnlyList<JournalEntry> batch)
    {
        var source = new TaskCompletionSource<JournalPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = TryAppend(batch, outcome =>
        {
            if (outcome.Failure is null)
            {
                source.SetResult(outcome.Position);
            }
            else
            {
                source.SetException(outcome.Failure);
            }
        });
        return taken
            ? source.Task
            : Task.FromException<JournalPosition>(new JournalStoreException(
                JournalStoreFailure.Busy, $"more than {JournalLimits.PendingRecordsMax} records wait for the disk"));
    }

    /// <summary>
    /// Keeps the state as of a position that was applied, then forgets records before it except the last
    /// <paramref name="recordsKept"/>, which stay for whoever wants to look at history.
    /// </summary>
    public async Task CheckpointAsync(Checkpoint checkpoint, long recordsKept, CancellationToken cancellationToken)
    {
        if (checkpoint.State.Length > JournalLimits.CheckpointBytesMax)
        {
            throw new ArgumentException(
                $"a checkpoint of {checkpoint.State.Length} bytes; the limit is {JournalLimits.CheckpointBytesMax}");
        }

        await store.WriteCheckpointAsync(checkpoint, cancellationToken);
        var through = checkpoint.Position.Sequence - recordsKept;
        while (store.Anchor.Sequence < through && await store.PruneAsync(through, cancellationToken) > 0)
        {
        }
    }

    private static long CheckBatch(IReadOnlyList<JournalEntry> batch)
    {
        if (batch.Count is 0 or > JournalLimits.CommitRecordsMax)
        {
            throw new ArgumentException($"a batch of {batch.Count}; it must be 1 to {JournalLimits.CommitRecordsMax}");
        }

        long bytes = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            HashChain.CheckBounds(batch[i]);
            bytes += batch[i].Body.Length;
        }

        return bytes <= JournalLimits.CommitBytesMax
            ? bytes
            : throw new ArgumentException($"a batch of {bytes} bytes; the limit is {JournalLimits.CommitBytesMax}");
    }

    private void CommitPending()
    {
        do
        {
            if (!TakeGroup())
            {
                return;
            }

            Volatile.Write(ref _stage, Calling);
            store.Append(Chain(), OnCommitted);
        }
        while (Interlocked.CompareExchange(ref _stage, Waiting, Calling) == Completed);
    }

    private bool TakeGroup()
    {
        lock (_lock)
        {
            var records = 0;
            long bytes = 0;
            while (_pending.TryPeek(out var next)
                && records + next.Batch.Count <= JournalLimits.CommitRecordsMax
                && bytes + next.Bytes <= JournalLimits.CommitBytesMax)
            {
                _group.Add(_pending.Dequeue());
                records += next.Batch.Count;
                bytes += next.Bytes;
            }

            _pendingRecords -= records;
            _pendingBytes -= bytes;
            _committing = _group.Count > 0;
            return _committing;
        }
    }

    private List<JournalRecord> Chain()
    {
        var position = store.Last;
        var records = new List<JournalRecord>(_group.Count);
        foreach (var pending in _group)
        {
            for (var i = 0; i < pending.Batch.Count; i++)
            {
                var record = HashChain.Next(position, pending.Batch[i]);
                records.Add(record);
                position = record.Position;
            }
        }

        _records = records;
        return records;
    }

    private void OnCommitted(JournalStoreException? failure)
    {
        var last = -1;
        foreach (var pending in _group)
        {
            last += pending.Batch.Count;
            pending.Done(new AppendOutcome(failure is null ? _records[last].Position : default, failure));
        }

        _group.Clear();
        if (Interlocked.Exchange(ref _stage, Completed) == Waiting)
        {
            CommitPending();
        }
    }
}
