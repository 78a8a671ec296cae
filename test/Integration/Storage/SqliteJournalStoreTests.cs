using System.Buffers.Binary;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

public sealed class SqliteJournalStoreTests : IDisposable
{
    private readonly JournalDirectory _directory = new();

    private string JournalPath => _directory.JournalPath;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_appended_is_read_back_by_the_next_owner()
    {
        JournalPosition last;
        using (var store = SqliteJournalStore.Open(JournalPath))
        {
            last = await new JournalWriter(store).AppendAsync([Entry("a", 10), Entry("b", 0)]);
        }

        using var again = SqliteJournalStore.Open(JournalPath);
        var records = Recovery.Begin(again, 1).Records.ToList();
        Assert.Equal(["a", "b"], records.Select(record => record.Type));
        Assert.Equal(last, again.Last);
        Assert.Equal(last, records[1].Position);
        Assert.Equal(10, records[0].Body.Length);
    }

    [Fact]
    public async Task Many_callers_share_few_commits()
    {
        using var store = SqliteJournalStore.Open(JournalPath);
        var writer = new JournalWriter(store);
        await writer.AppendAsync([Entry("first", 1)]);
        var before = CommitsInLog();

        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => writer.AppendAsync([Entry("n", 100)])));

        Assert.Equal(501, store.Last.Sequence);
        Assert.InRange(store.Commits - 1, 1, 50);
        Assert.Equal(store.Commits - 1, CommitsInLog() - before);
        Assert.Null(JournalVerifier.Verify(store).Corruption);
    }

    [Fact]
    public async Task One_caller_gets_a_commit_for_each_batch()
    {
        using var store = SqliteJournalStore.Open(JournalPath);
        var writer = new JournalWriter(store);
        for (var i = 0; i < 5; i++)
        {
            await writer.AppendAsync([Entry("n", 1), Entry("n", 2)]);
        }

        Assert.Equal(5, store.Commits);
    }

    [Fact]
    public async Task A_log_that_was_grown_stays_as_long_and_holds_what_was_committed_before_and_after()
    {
        using var store = SqliteJournalStore.Open(JournalPath);
        var writer = new JournalWriter(store);
        await writer.AppendAsync([Entry("before", 100)]);
        var database = new FileInfo(JournalPath).Length;
        store.GrowLog();
        await writer.AppendAsync([Entry("after", 100)]);
        var grown = new FileInfo(JournalPath + "-wal").Length;

        for (var i = 0; i < 1500; i++)
        {
            await writer.AppendAsync([Entry("n", 100)]);
        }

        Assert.InRange(grown, 4_000_000, 8_000_000);
        Assert.Equal(grown, new FileInfo(JournalPath + "-wal").Length);
        Assert.InRange(new FileInfo(JournalPath).Length, database, 1_000_000);
        var report = JournalVerifier.Verify(store);
        Assert.Equal((1502, null), (report.Records, report.Corruption));
    }

    [Fact]
    public async Task A_journal_with_no_room_to_grow_its_log_goes_on()
    {
        using var store = SqliteJournalStore.Open(JournalPath, bytesMax: 256 * 1024);
        var writer = new JournalWriter(store);
        await writer.AppendAsync([Entry("before", 100)]);
        store.GrowLog();
        await writer.AppendAsync([Entry("after", 100)]);

        var report = JournalVerifier.Verify(store);
        Assert.Equal((2, null), (report.Records, report.Corruption));
    }

    [Fact]
    public void A_journal_has_one_owner_at_a_time()
    {
        using (SqliteJournalStore.Open(JournalPath))
        {
            var failure = Assert.Throws<JournalStoreException>(() => SqliteJournalStore.Open(JournalPath));
            Assert.Equal(JournalStoreFailure.InUse, failure.Failure);
        }

        SqliteJournalStore.Open(JournalPath).Dispose();
    }

    [Fact]
    public void A_folder_that_is_not_there_is_not_mistaken_for_another_kernel()
    {
        var path = Path.Combine(_directory.PathOf("nowhere"), "journal.db");

        var failure = Assert.Throws<JournalStoreException>(() => SqliteJournalStore.Open(path));
        Assert.Equal(JournalStoreFailure.Io, failure.Failure);
    }

    [Fact]
    public async Task A_reader_sees_the_journal_of_a_running_kernel_as_it_was_when_it_opened()
    {
        using var store = SqliteJournalStore.Open(JournalPath);
        var writer = new JournalWriter(store);
        await writer.AppendAsync([Entry("a", 1)]);
        using var reader = SqliteJournalReader.Open(JournalPath);
        await writer.AppendAsync([Entry("b", 1)]);

        Assert.Equal((1, null), (JournalVerifier.Verify(reader).Records, JournalVerifier.Verify(reader).Corruption));
        Assert.Equal(2, JournalVerifier.Verify(store).Records);
    }

    [Fact]
    public async Task A_full_journal_keeps_nothing_of_the_batch_and_goes_on_after_pruning()
    {
        using var store = SqliteJournalStore.Open(JournalPath, bytesMax: 512 * 1024);
        var writer = new JournalWriter(store);
        var last = JournalPosition.Beginning;
        var failure = await Assert.ThrowsAsync<JournalStoreException>(async () =>
        {
            while (true)
            {
                last = await writer.AppendAsync([Entry("n", 4000), Entry("n", 4000)]);
            }
        });

        Assert.Equal((JournalStoreFailure.Full, true), (failure.Failure, failure.StoreIsUsable));
        Assert.Equal(last, store.Last);
        Assert.Equal(last.Sequence, JournalVerifier.Verify(store).Records);

        // The checkpoint itself needs a page, which the small last batch left free.
        var cancellationToken = TestContext.Current.CancellationToken;
        await writer.CheckpointAsync(new Checkpoint(last, 1, default), recordsKept: 10, cancellationToken);
        var next = await writer.AppendAsync([Entry("n", 4000), Entry("n", 4000)]);
        Assert.Equal(last.Sequence + 2, next.Sequence);
        var report = JournalVerifier.Verify(store);
        Assert.Equal((12, null), (report.Records, report.Corruption));
    }

    [Fact]
    public async Task A_full_disk_keeps_nothing_of_the_batch_and_the_store_goes_on_when_there_is_room()
    {
        var script = "mount -t tmpfs -o size=400k tmpfs \"$1\" && exec \"$2\"";
        using var child = JournalChild.StartProgram(
            "unshare",
            ["--mount", "sh", "-c", script, "sh", Path.GetDirectoryName(JournalPath)!, Environment.ProcessPath!],
            "fill",
            JournalPath);
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipUnless(child.ExitCode == 0 || output.Length > 0, "needs the right to mount a tmpfs");

        var lines = output.Split('\n');
        Assert.Matches("^Full after ([0-9]+), store at \\1$", lines[0]);
        Assert.Equal("went on with 1", lines[1]);
        Assert.Equal("verified 1", lines[2]);
    }

    [Fact]
    public async Task A_pruned_journal_recovers_from_its_checkpoint_after_reopening()
    {
        using (var store = SqliteJournalStore.Open(JournalPath))
        {
            var writer = new JournalWriter(store);
            var position = await writer.AppendAsync([.. Enumerable.Range(0, 3000).Select(_ => Entry("n", 8))]);
            var checkpoint = new Checkpoint(position, 7, "folded"u8.ToArray());
            await writer.CheckpointAsync(checkpoint, recordsKept: 500, TestContext.Current.CancellationToken);
            await writer.AppendAsync([Entry("after", 8)]);
        }

        using var again = SqliteJournalStore.Open(JournalPath);
        var recovered = Recovery.Begin(again, 7);
        Assert.Equal(2500, again.Anchor.Sequence);
        Assert.Equal("folded"u8.ToArray(), recovered.Checkpoint?.State.ToArray());
        Assert.Equal("after", Assert.Single(recovered.Records).Type);
        Assert.Equal(501, JournalVerifier.Verify(again).Records);
    }

    [Fact]
    public async Task A_closed_store_refuses()
    {
        var store = SqliteJournalStore.Open(JournalPath);
        var writer = new JournalWriter(store);
        store.Dispose();

        var failure = await Assert.ThrowsAsync<JournalStoreException>(() => writer.AppendAsync([Entry("n", 1)]));
        Assert.Equal(JournalStoreFailure.Closed, failure.Failure);
    }

    [Fact]
    public void The_files_are_their_owners_only()
    {
        using var store = SqliteJournalStore.Open(JournalPath);

        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(JournalPath)!))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    private static JournalEntry Entry(string type, int bytes) => new(type, new byte[bytes], 1);

    /// <summary>Frames that end a transaction (https://sqlite.org/fileformat2.html#walformat).</summary>
    private int CommitsInLog()
    {
        const int HeaderBytes = 32;
        const int FrameHeaderBytes = 24;
        using var file = new FileStream(
            JournalPath + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var page = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(8));
        var commits = 0;
        for (var at = HeaderBytes; at + FrameHeaderBytes <= bytes.Length; at += FrameHeaderBytes + page)
        {
            commits += BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 4)) != 0 ? 1 : 0;
        }

        return commits;
    }
}
