using Analemma.Journal;

namespace Analemma.Unit.Tests.Journal;

public sealed class JournalWriterTests : IDisposable
{
    private readonly HeldJournalStore _store = new();
    private readonly List<AppendOutcome> _outcomes = [];
    private readonly JournalWriter _writer;

    public JournalWriterTests() => _writer = new JournalWriter(_store);

    public void Dispose() => _store.Dispose();

    [Fact]
    public void What_arrives_during_a_commit_goes_in_the_next_one_together()
    {
        Append(2);
        Append(3);
        Append(4);
        Assert.Empty(_outcomes);

        _store.Release();
        Assert.Single(_outcomes);
        _store.Release();

        Assert.Equal([2, 7], _store.CommitSizes);
        Assert.Equal([2, 5, 9], _outcomes.Select(outcome => outcome.Position.Sequence));
        Assert.False(_store.IsHolding);
        Assert.Null(JournalVerifier.Verify(_store).Corruption);
    }

    [Fact]
    public void Nobody_is_told_before_the_commit()
    {
        Append(1);
        Assert.Empty(_outcomes);
        _store.Release();
        Assert.Equal(_store.Last, Assert.Single(_outcomes).Position);
    }

    [Fact]
    public void After_a_failed_commit_the_next_follows_the_last_good_record()
    {
        Append(1);
        Append(2);
        Append(3);
        _store.Release();
        var full = new JournalStoreException(JournalStoreFailure.Full, "no room");
        _store.Release(full);
        Append(1);
        _store.Release();

        Assert.Equal([null, full, full, null], _outcomes.Select(outcome => outcome.Failure));
        Assert.Equal(2, _store.Last.Sequence);
        Assert.Null(JournalVerifier.Verify(_store).Corruption);
    }

    [Fact]
    public void A_batch_is_never_split_over_two_commits()
    {
        Append(1);
        Append(JournalLimits.CommitRecordsMax - 1);
        Append(2);
        _store.Release();
        _store.Release();
        _store.Release();

        Assert.Equal([1, JournalLimits.CommitRecordsMax - 1, 2], _store.CommitSizes);
    }

    [Fact]
    public void Too_much_waiting_is_refused_and_taken_again_later()
    {
        Append(1);
        for (var records = 0; records < JournalLimits.PendingRecordsMax; records += JournalLimits.CommitRecordsMax)
        {
            Append(JournalLimits.CommitRecordsMax);
        }

        Assert.False(_writer.TryAppend(Batch(1), _outcomes.Add));
        Assert.Equal(
            JournalStoreFailure.Busy,
            Assert.IsType<JournalStoreException>(_writer.AppendAsync(Batch(1)).Exception!.InnerException).Failure);
        _store.Release();
        Assert.True(_writer.TryAppend(Batch(1), _outcomes.Add));
    }

    [Fact]
    public void A_callback_may_append_and_a_store_that_needs_no_thread_does_not_deepen_the_stack()
    {
        var memory = new MemoryJournalStore();
        var writer = new JournalWriter(memory);
        var left = 100_000;
        void Again(AppendOutcome outcome)
        {
            if (--left > 0)
            {
                writer.TryAppend(Batch(1), Again);
            }
        }

        writer.TryAppend(Batch(1), Again);

        Assert.Equal(100_000, memory.Commits);
    }

    [Fact]
    public async Task Awaited_appends_fail_with_what_the_store_said()
    {
        var append = _writer.AppendAsync(Batch(1));
        _store.Release(new JournalStoreException(JournalStoreFailure.Io, "broken"));

        var failure = await Assert.ThrowsAsync<JournalStoreException>(() => append);
        Assert.False(failure.StoreIsUsable);
    }

    [Fact]
    public async Task A_checkpoint_prunes_all_but_the_records_to_keep()
    {
        var memory = new MemoryJournalStore();
        var writer = new JournalWriter(memory);
        var position = JournalPosition.Beginning;
        for (var i = 0; i < 5; i++)
        {
            position = await writer.AppendAsync(Batch(1000));
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        await writer.CheckpointAsync(new Checkpoint(position, 1, default), recordsKept: 100, cancellationToken);

        Assert.Equal(4900, memory.Anchor.Sequence);
        var report = JournalVerifier.Verify(memory);
        Assert.Null(report.Corruption);
        Assert.Equal((100, 5000), (report.Records, report.CheckpointSequence));
    }

    private static JournalEntry[] Batch(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new JournalEntry("n", BitConverter.GetBytes(i), i))];

    private void Append(int count) => Assert.True(_writer.TryAppend(Batch(count), _outcomes.Add));
}
