using System.Globalization;
using System.Text;
using Analemma.Journal;
using Analemma.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Analemma.Integration.Tests.Storage;

/// <summary>What of the audit log is left when the journal has forgotten its records, and how it is checked.</summary>
public sealed class AuditArchiveTests : IDisposable
{
    private const int Records = 3000;
    private const int Kept = 500;

    private readonly JournalDirectory _directory = new();
    private readonly Clock _time = new();

    private string JournalPath => _directory.JournalPath;

    [Fact]
    public async Task Audit_records_outlive_pruning_with_the_links_they_had_before()
    {
        await FillAsync(Keeping());
        var before = Links();
        await PruneAsync(Keeping());

        using var reader = SqliteJournalReader.Open(JournalPath);
        var note = reader.ReadArchiveNote()!;
        var archived = AuditChain.Checked(note, reader.ReadArchive(), reader.Anchor).ToList();
        Assert.Equal(Enumerable.Range(1, Records - Kept).Where(IsAudit), archived.Select(a => (int)a.Record.Sequence));
        Assert.All(archived, a => Assert.Equal(BodyOf((int)a.Record.Sequence), a.Record.Body.ToArray()));
        Assert.Equal(archived.Sum(a => AuditKeeping.BytesOf(a.Record.Body.Length)), note.Bytes);
        Assert.Equal(Records - Kept, reader.Anchor.Sequence);
        Assert.Equal(before, Links());
        Assert.Null(JournalVerifier.Verify(reader).Corruption);
    }

    [Fact]
    public async Task A_changed_byte_of_an_archived_record_is_found_and_the_record_is_named()
    {
        await FillAsync(Keeping());
        await PruneAsync(Keeping());
        var bytes = await File.ReadAllBytesAsync(JournalPath, TestContext.Current.CancellationToken);
        // The last is at the seam: the next record is in the journal.
        foreach (var sequence in new[] { 5, 1250, Records - Kept })
        {
            HashSet<string> named = [];
            var body = BodyOf(sequence);
            for (var from = 0; bytes.AsSpan(from).IndexOf(body) is var at and >= 0; from += at + 1)
            {
                var damaged = _directory.PathOf("damaged.db");
                var copy = (byte[])bytes.Clone();
                copy[from + at + 3] ^= 0x01;
                await File.WriteAllBytesAsync(damaged, copy, TestContext.Current.CancellationToken);
                named.Add(Damage(damaged));
            }

            // Beside the archive's page, pages that are free now may still show it.
            Assert.Contains($"{sequence} hash", named);
            Assert.DoesNotContain(named, damage => damage.Length > 0 && damage != $"{sequence} hash");
        }
    }

    [Theory]
    [InlineData("DELETE FROM audit WHERE sequence = 1000", "1005 link to the audit records before it")]
    [InlineData("DELETE FROM audit WHERE sequence = 5", "10 link to the audit records before it")]
    [InlineData("DELETE FROM audit WHERE sequence = 2500", "2496 end of the audit archive")]
    [InlineData("UPDATE audit SET ticks = ticks + 1 WHERE sequence = 1000", "1000 hash")]
    [InlineData("UPDATE audit SET sequence = 1001 WHERE sequence = 1000", "1001 hash")]
    [InlineData(
        "UPDATE audit SET link = zeroblob(32) WHERE sequence = 1000", "1000 link to the audit records before it")]
    [InlineData("UPDATE audit_note SET through_sequence = 2499", "2499 seam of the audit archive and the journal")]
    [InlineData("DELETE FROM audit", "1 end of the audit archive")]
    public async Task What_is_removed_or_put_elsewhere_is_found(string change, string damage)
    {
        await FillAsync(Keeping());
        await PruneAsync(Keeping());
        Execute(change);

        Assert.Equal(damage, Damage(JournalPath));
    }

    [Fact]
    public async Task More_than_is_to_be_kept_is_dropped_and_the_rest_checks_out()
    {
        var one = AuditKeeping.BytesOf(BodyOf(1000).Length);
        var keeping = Keeping() with { BytesMax = 100 * one };
        await FillAsync(keeping);
        var before = Links();
        await PruneAsync(keeping);

        using var reader = SqliteJournalReader.Open(JournalPath);
        var note = reader.ReadArchiveNote()!;
        Assert.InRange(note.Bytes, 99 * one, 100 * one);
        Assert.Equal(2000, note.Anchor.Sequence);
        Assert.Equal(100, AuditChain.Checked(note, reader.ReadArchive(), reader.Anchor).Count());
        Assert.Equal(before.TakeLast(200), Links());
    }

    [Fact]
    public async Task What_is_older_than_it_is_to_be_kept_is_dropped()
    {
        var keeping = Keeping() with { KeptFor = TimeSpan.FromSeconds(1500) };
        await FillAsync(keeping);
        _time.Now += TimeSpan.FromSeconds(Records);
        await PruneAsync(keeping);

        using var reader = SqliteJournalReader.Open(JournalPath);
        var kept = AuditChain.Checked(reader.ReadArchiveNote()!, reader.ReadArchive(), reader.Anchor).ToList();
        Assert.Equal(1500, kept[0].Record.Sequence);
        Assert.Equal(201, kept.Count);
    }

    [Fact]
    public async Task Without_room_nothing_is_archived_and_the_journal_goes_on()
    {
        var keeping = Keeping() with { BytesMax = 0 };
        await FillAsync(keeping);
        await PruneAsync(keeping);

        using var reader = SqliteJournalReader.Open(JournalPath);
        Assert.Empty(AuditChain.Checked(reader.ReadArchiveNote()!, reader.ReadArchive(), reader.Anchor));
        Assert.Equal(Records - Kept, reader.Anchor.Sequence);
    }

    [Fact]
    public async Task A_journal_of_before_there_was_an_archive_gets_one_from_where_it_begins()
    {
        await FillAsync(AuditKeeping.Nothing);
        await PruneAsync(AuditKeeping.Nothing);
        Execute("DROP TABLE audit; DROP TABLE audit_note; PRAGMA user_version=1");
        using (var old = SqliteJournalReader.Open(JournalPath))
        {
            Assert.Null(old.ReadArchiveNote());
        }

        await PruneAsync(Keeping(), kept: 100);

        using var reader = SqliteJournalReader.Open(JournalPath);
        var archived = AuditChain.Checked(reader.ReadArchiveNote()!, reader.ReadArchive(), reader.Anchor).ToList();
        Assert.Equal((2505, 2900, 80), (archived[0].Record.Sequence, archived[^1].Record.Sequence, archived.Count));
    }

    /// <summary>Killed while it moves records to the archive: each is in one place, and in one only.</summary>
    [Fact]
    public async Task Killed_while_pruning_no_record_is_lost_and_none_is_there_twice()
    {
        var random = new Random(4);
        long archivedBefore = 0;
        for (var kill = 0; kill < 12; kill++)
        {
            using (var child = JournalChild.Start("prune", JournalPath))
            {
                for (var line = random.Next(2, 12); line > 0; line--)
                {
                    await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                }

                Thread.SpinWait(random.Next(200_000));
                child.Kill();
                await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            // As the next kernel does, which also puts the log in order.
            SqliteJournalStore.Open(JournalPath).Dispose();
            using var reader = SqliteJournalReader.Open(JournalPath);
            Assert.Null(JournalVerifier.Verify(reader).Corruption);
            var archived = AuditChain.Checked(reader.ReadArchiveNote()!, reader.ReadArchive(), reader.Anchor)
                .Select(each => each.Record.Sequence).ToList();
            var live = reader.Read(reader.Anchor.Sequence + 1).Where(each => each.Type == JournalChild.AuditType)
                .Select(each => each.Sequence);
            Assert.Equal(
                Enumerable.Range(1, (int)reader.Last.Sequence).Where(JournalChild.IsAudit).Select(i => (long)i),
                archived.Concat(live));
            Assert.True(archived.Count >= archivedBefore);
            archivedBefore = archived.Count;
        }

        Assert.True(archivedBefore > 0, "nothing was pruned before any of the kills");
    }

    public void Dispose() => _directory.Dispose();

    private static bool IsAudit(int sequence) => sequence % 5 == 0;

    private static byte[] BodyOf(int sequence) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[body of record {sequence:D5}]"));

    private AuditKeeping Keeping() => new(type => type == "audit", 1 << 30, TimeSpan.Zero, _time);

    private async Task FillAsync(AuditKeeping keeping)
    {
        using var store = SqliteJournalStore.Open(JournalPath, audit: keeping);
        var started = _time.GetUtcNow().UtcTicks;
        await new JournalWriter(store).AppendAsync(
        [
            .. Enumerable.Range(1, Records).Select(i => new JournalEntry(
                IsAudit(i) ? "audit" : "record", BodyOf(i), started + (i * TimeSpan.TicksPerSecond))),
        ]);
    }

    private async Task PruneAsync(AuditKeeping keeping, long kept = Kept)
    {
        using var store = SqliteJournalStore.Open(JournalPath, audit: keeping);
        await new JournalWriter(store).CheckpointAsync(
            new Checkpoint(store.Last, 1, "all of it"u8.ToArray()), kept, TestContext.Current.CancellationToken);
    }

    /// <summary>The links of all audit records, archived or not, as who reads them computes them.</summary>
    private List<ChainHash> Links()
    {
        using var reader = SqliteJournalReader.Open(JournalPath);
        var note = reader.ReadArchiveNote()!;
        List<ChainHash> links = [.. reader.ReadArchive().Select(archived => archived.Link)];
        var link = note.Last.Hash;
        foreach (var record in reader.Read(reader.Anchor.Sequence + 1).Where(record => record.Type == "audit"))
        {
            links.Add(link = AuditChain.Next(link, record.Hash));
        }

        return links;
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = new($"Data Source={JournalPath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The record and what is wrong with it; nothing when the archive is whole.</summary>
    private static string Damage(string path)
    {
        try
        {
            using var reader = SqliteJournalReader.Open(path);
            _ = AuditChain.Checked(reader.ReadArchiveNote()!, reader.ReadArchive(), reader.Anchor).Count();
            return "";
        }
        catch (JournalCorruptException found)
        {
            return $"{found.Sequence} {found.What}";
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
