using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

public sealed class JournalDamageTests
{
    private const int Records = 400;

    [Fact]
    public async Task A_changed_byte_in_a_record_is_found_and_the_record_is_named()
    {
        using var directory = new JournalDirectory();
        await FillAsync(directory.JournalPath, checkpoint: false);
        var bytes = await File.ReadAllBytesAsync(directory.JournalPath, TestContext.Current.CancellationToken);
        foreach (var sequence in new[] { 1, 57, 200, Records })
        {
            var named = 0;
            foreach (var at in PlacesOf(BodyOf(sequence), bytes))
            {
                var damaged = directory.PathOf($"damaged-{sequence}-{at}.db");
                Change(bytes, at + 3, damaged);
                using var store = SqliteJournalStore.Open(damaged);
                var corruption = JournalVerifier.Verify(store).Corruption;
                if (corruption is null)
                {
                    continue;
                }

                named++;
                Assert.Equal((sequence, "hash"), (corruption.Sequence, corruption.What));
                Assert.Contains($"record {sequence} is corrupt", corruption.Message, StringComparison.Ordinal);
                Assert.Throws<JournalCorruptException>(() => Recovery.Begin(store, 1).Records.Count());
            }

            Assert.Equal(1, named);
        }
    }

    /// <summary>Of what was pruned the last hash is left, and the chain goes on from that.</summary>
    [Theory]
    [InlineData(301)]
    [InlineData(350)]
    [InlineData(Records)]
    public async Task A_changed_byte_is_found_and_named_also_when_older_records_are_pruned(int sequence)
    {
        using var directory = new JournalDirectory();
        await FillAsync(directory.JournalPath, checkpoint: true, kept: 100);
        var bytes = await File.ReadAllBytesAsync(directory.JournalPath, TestContext.Current.CancellationToken);
        var named = 0;
        foreach (var at in PlacesOf(BodyOf(sequence), bytes))
        {
            var damaged = directory.PathOf($"damaged-{at}.db");
            Change(bytes, at + 3, damaged);
            using var store = SqliteJournalStore.Open(damaged);
            Assert.Equal(300, store.Anchor.Sequence);
            named += JournalVerifier.Verify(store).Corruption is { What: "hash" } found && found.Sequence == sequence
                ? 1 : 0;
        }

        Assert.Equal(1, named);
    }

    [Fact]
    public async Task A_changed_byte_anywhere_is_found_or_changes_nothing_that_is_read()
    {
        using var directory = new JournalDirectory();
        await FillAsync(directory.JournalPath, checkpoint: true);
        var bytes = await File.ReadAllBytesAsync(directory.JournalPath, TestContext.Current.CancellationToken);
        var original = Contents(directory.JournalPath);
        var random = new Random(77);
        var found = 0;
        for (var i = 0; i < 600; i++)
        {
            var damaged = directory.PathOf("damaged.db");
            var at = random.Next(bytes.Length);
            Change(bytes, at, damaged);
            try
            {
                Assert.True(Contents(damaged) == original, $"byte {at} was changed and what is read changed silently");
            }
            catch (Exception error) when (error is JournalCorruptException or JournalStoreException)
            {
                found++;
            }
        }

        Assert.True(found > 300, $"{found} of 600 changes were found");
    }

    [Fact]
    public void What_is_not_a_journal_is_refused()
    {
        using var directory = new JournalDirectory();
        File.WriteAllText(directory.JournalPath, new string('x', 5000));

        var failure = Assert.Throws<JournalStoreException>(() => SqliteJournalStore.Open(directory.JournalPath));
        Assert.Equal(JournalStoreFailure.NotAJournal, failure.Failure);
    }

    private static byte[] BodyOf(int sequence) => System.Text.Encoding.ASCII.GetBytes($"[body of record {sequence}]");

    /// <summary>A page that SQLite has split may still show a body in the part that is free now.</summary>
    private static List<int> PlacesOf(byte[] body, byte[] bytes)
    {
        var places = new List<int>();
        for (var at = bytes.AsSpan().IndexOf(body); at >= 0;)
        {
            places.Add(at);
            var next = bytes.AsSpan(at + 1).IndexOf(body);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return places;
    }

    private static async Task FillAsync(string path, bool checkpoint, long kept = Records)
    {
        using var store = SqliteJournalStore.Open(path);
        var writer = new JournalWriter(store);
        var position = await writer.AppendAsync(
            [.. Enumerable.Range(1, Records).Select(i => new JournalEntry("record", BodyOf(i), i))]);
        if (checkpoint)
        {
            var state = new Checkpoint(position, 1, "all of it"u8.ToArray());
            await writer.CheckpointAsync(state, kept, TestContext.Current.CancellationToken);
        }
    }

    private static void Change(byte[] bytes, int at, string path)
    {
        var copy = (byte[])bytes.Clone();
        copy[at] ^= 0x41;
        File.WriteAllBytes(path, copy);
    }

    private static string Contents(string path)
    {
        using var reader = SqliteJournalReader.Open(path);
        var report = JournalVerifier.Verify(reader);
        if (report.Corruption is not null)
        {
            throw report.Corruption;
        }

        return $"{report.Anchor} {report.Last} {report.Records} {report.CheckpointSequence}";
    }
}
