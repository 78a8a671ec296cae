using Analemma.Journal;

namespace Analemma.Unit.Tests.Journal;

/// <summary>A store whose commits wait until the test lets them succeed or fail.</summary>
internal sealed class HeldJournalStore : IJournalStore
{
    private readonly MemoryJournalStore _memory = new();
    private (IReadOnlyList<JournalRecord> Batch, Action<JournalStoreException?> Done)? _held;

    public List<int> CommitSizes { get; } = [];

    public bool IsHolding => _held is not null;

    public JournalPosition Anchor => _memory.Anchor;

    public JournalPosition Last => _memory.Last;

    public bool TailCanTear => false;

    public long Commits => _memory.Commits;

    public void Release(JournalStoreException? failure = null)
    {
        var (batch, done) = _held!.Value;
        _held = null;
        if (failure is not null)
        {
            done(failure);
            return;
        }

        CommitSizes.Add(batch.Count);
        _memory.Append(batch, done);
    }

    public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
    {
        Assert.Null(_held);
        _held = (batch, done);
    }

    public IEnumerable<JournalRecord> Read(long fromSequence) => _memory.Read(fromSequence);

    public Checkpoint? ReadCheckpoint() => _memory.ReadCheckpoint();

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        _memory.WriteCheckpointAsync(checkpoint, cancellationToken);

    public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) =>
        _memory.PruneAsync(throughSequence, cancellationToken);

    public void DropTail(long fromSequence) => _memory.DropTail(fromSequence);

    public void Dispose() => _memory.Dispose();
}
