using Analemma.Journal;

namespace Analemma.Unit.Tests.Journal;

public sealed class RecoveryTests : IDisposable
{
    private const int Format = 3;
    private readonly ListedJournal _journal = new();

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void An_empty_journal_recovers_to_nothing()
    {
        var recovered = Recovery.Begin(_journal, Format);

        Assert.Null(recovered.Checkpoint);
        Assert.Empty(recovered.Records);
    }

    [Fact]
    public void Records_come_back_in_order_from_the_checkpoint_on()
    {
        _journal.Fill(10);
        _journal.Checkpoint = new Checkpoint(_journal.Records[6].Position, Format, default);

        var recovered = Recovery.Begin(_journal, Format);

        Assert.Same(_journal.Checkpoint, recovered.Checkpoint);
        Assert.Equal([8L, 9, 10], recovered.Records.Select(record => record.Sequence));
    }

    [Fact]
    public void A_checkpoint_of_another_format_is_passed_over_while_all_records_are_kept()
    {
        _journal.Fill(4);
        _journal.Checkpoint = new Checkpoint(_journal.Records[2].Position, Format - 1, default);

        var recovered = Recovery.Begin(_journal, Format);

        Assert.Null(recovered.Checkpoint);
        Assert.Equal(4, recovered.Records.Count());
    }

    [Fact]
    public void A_checkpoint_of_another_format_is_refused_once_records_were_pruned()
    {
        _journal.Fill(4);
        _journal.Checkpoint = new Checkpoint(_journal.Records[2].Position, Format - 1, default);
        _journal.PruneThrough(1);

        Assert.Throws<JournalStoreException>(() => Recovery.Begin(_journal, Format));
    }

    [Fact]
    public void Pruned_records_without_a_checkpoint_are_corruption()
    {
        _journal.Fill(4);
        _journal.PruneThrough(2);

        Assert.Throws<JournalCorruptException>(() => Recovery.Begin(_journal, Format));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void A_changed_record_is_named_and_nothing_after_it_is_handed_out(int sequence)
    {
        _journal.Fill(10);
        _journal.Spoil(sequence);
        var handedOut = new List<long>();

        var corruption = Assert.Throws<JournalCorruptException>(() =>
        {
            foreach (var record in Recovery.Begin(_journal, Format).Records)
            {
                handedOut.Add(record.Sequence);
            }
        });

        Assert.Equal(sequence, corruption.Sequence);
        Assert.Equal(sequence - 1, handedOut.Count);
        Assert.Equal(sequence, JournalVerifier.Verify(_journal).Corruption?.Sequence);
    }

    [Fact]
    public void A_removed_record_is_named()
    {
        _journal.Fill(10);
        _journal.Records.RemoveAt(4);

        var corruption = Assert.Throws<JournalCorruptException>(() => Recovery.Begin(_journal, Format).Records.Count());
        Assert.Equal(5, corruption.Sequence);
    }

    [Fact]
    public void A_lost_end_is_noticed_by_the_note_of_the_last_record()
    {
        _journal.Fill(10);
        _journal.Note = _journal.Records[9].Position;
        _journal.Records.RemoveRange(7, 3);

        var corruption = Assert.Throws<JournalCorruptException>(() => Recovery.Begin(_journal, Format).Records.Count());
        Assert.Equal(8, corruption.Sequence);
    }

    [Fact]
    public void A_torn_last_record_is_dropped_where_tails_can_tear()
    {
        _journal.TailCanTear = true;
        _journal.Fill(10);
        _journal.Spoil(10);

        Assert.Equal(9, Recovery.Begin(_journal, Format).Records.Count());
        Assert.Equal(10, _journal.DroppedFrom);
    }

    [Fact]
    public void A_bad_record_before_a_good_one_is_corruption_even_where_tails_can_tear()
    {
        _journal.TailCanTear = true;
        _journal.Fill(10);
        _journal.Spoil(9);

        Assert.Throws<JournalCorruptException>(() => Recovery.Begin(_journal, Format).Records.Count());
        Assert.Null(_journal.DroppedFrom);
    }

    [Fact]
    public void Verification_notices_a_checkpoint_that_stands_for_other_records()
    {
        _journal.Fill(10);
        var elsewhere = _journal.Records[6].Position with { Hash = ChainHash.Zero };
        _journal.Checkpoint = new Checkpoint(elsewhere, Format, default);

        Assert.Equal(7, JournalVerifier.Verify(_journal).Corruption?.Sequence);
    }

    private sealed class ListedJournal : IJournalStore
    {
        public List<JournalRecord> Records { get; } = [];

        public Checkpoint? Checkpoint { get; set; }

        public JournalPosition? Note { get; set; }

        public long? DroppedFrom { get; private set; }

        public JournalPosition Anchor { get; private set; }

        public JournalPosition Last => Note ?? (Records.Count > 0 ? Records[^1].Position : Anchor);

        public bool TailCanTear { get; set; }

        public long Commits => 0;

        public void Fill(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Records.Add(HashChain.Next(Last, new JournalEntry("n", new byte[] { (byte)i, 1, 2 }, i)));
            }
        }

        public void Spoil(int sequence) =>
            Records[sequence - 1] = Records[sequence - 1] with { Body = new byte[] { 99 } };

        public void PruneThrough(int count)
        {
            Anchor = Records[count - 1].Position;
            Records.RemoveRange(0, count);
        }

        public IEnumerable<JournalRecord> Read(long fromSequence) =>
            Records.Where(record => record.Sequence >= fromSequence);

        public Checkpoint? ReadCheckpoint() => Checkpoint;

        public void DropTail(long fromSequence) => DroppedFrom = fromSequence;

        public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done) =>
            throw new NotSupportedException();

        public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
