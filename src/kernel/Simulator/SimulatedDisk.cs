using Analemma.Journal;

namespace Analemma.Simulator;

/// <summary>
/// A disk that keeps a journal and goes wrong: commits take time, fail for want of room with nothing kept, or fail with
/// an unknown part kept; a crash leaves any prefix of the batch that was being written, the record after it torn.
/// </summary>
internal sealed class SimulatedDisk(SeededRandom random, SimulatedClock clock, WorldOptions options) : IJournalStore
{
    private readonly KeptRecords _kept = new();
    private readonly List<JournalRecord> _all = [];
    private IReadOnlyList<JournalRecord>? _writing;
    private SimulatedClock.Due? _completion;

    /// <summary>
    /// Every record that was ever whole on the disk, pruned ones too. What recovery dropped is not here.
    /// </summary>
    public IReadOnlyList<JournalRecord> All => _all;

    public JournalPosition Anchor => _kept.Anchor;

    public JournalPosition Last => _kept.Last;

    public bool TailCanTear => true;

    public long Commits { get; private set; }

    public int Torn { get; private set; }

    public bool IsFaultless { get; set; }

    /// <summary>
    /// Between a crash and the next start nobody writes: what a dead kernel's code still does is not real.
    /// </summary>
    public bool IsOpen { get; set; }

    public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
    {
        if (!IsOpen)
        {
            return;
        }

        _writing = batch;
        _completion = clock.After(random.Delay(20, 8_000), () =>
        {
            _writing = null;
            if (!IsFaultless && random.Chance(options.DiskFull))
            {
                done(new JournalStoreException(JournalStoreFailure.Full, "the simulated disk is full"));
                return;
            }

            if (!IsFaultless && random.Chance(options.DiskError))
            {
                KeepSome(batch);
                done(new JournalStoreException(JournalStoreFailure.Io, "the simulated disk failed"));
                return;
            }

            Keep(batch, batch.Count);
            Commits++;
            done(null);
        });
    }

    /// <summary>The machine stops: what was being written is there in part.</summary>
    public void Crash()
    {
        IsOpen = false;
        _completion?.Cancel();
        if (_writing is { } batch)
        {
            KeepSome(batch);
            _writing = null;
        }
    }

    public IEnumerable<JournalRecord> Read(long fromSequence) => _kept.Read(fromSequence);

    public Checkpoint? ReadCheckpoint() => _kept.Checkpoint;

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        _kept.Keep(checkpoint);
        return Task.CompletedTask;
    }

    public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) =>
        Task.FromResult(_kept.Prune(throughSequence));

    public void DropTail(long fromSequence) => _kept.Drop(fromSequence);

    public void Dispose()
    {
    }

    private void Keep(IReadOnlyList<JournalRecord> batch, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _kept.Add(batch[i]);
            _all.Add(batch[i]);
        }
    }

    private void KeepSome(IReadOnlyList<JournalRecord> batch)
    {
        var whole = random.Below(batch.Count + 1);
        Keep(batch, whole);
        if (whole < batch.Count && random.Chance(5_000))
        {
            var torn = batch[whole];
            _kept.Add(torn with { Body = torn.Body[..random.Below(torn.Body.Length)] });
            Torn++;
        }
    }
}
