using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>Disks that are full, do not flush, lose the end of a file or change a byte.</summary>
public sealed class ExecutionDamageTests : IDisposable
{
    private readonly JournalDirectory _directory = new();

    private string Database => _directory.PathOf("workflows.db");

    [Fact]
    public async Task A_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room()
    {
        // The tmpfs ends with the child: what is on it is looked at in there, by opening it again.
        var script = "mount -t tmpfs -o size=700k tmpfs \"$1\" && \"$2\" && cp \"$1\"/workflows.db* \"$3\"";
        var copy = Directory.CreateDirectory(_directory.PathOf("copy")).FullName;
        var mount = Directory.CreateDirectory(_directory.PathOf("small")).FullName;
        var lines = await ExecutionChild.RunAsync(
            Path.Combine(mount, "workflows.db"),
            "unshare",
            ["--mount", "sh", "-c", script, "sh", mount, Environment.ProcessPath!, copy]);
        Assert.SkipWhen(lines.Length == 0, "needs the right to mount a tmpfs");

        var refused = Array.FindIndex(lines, line => line.StartsWith("refused", StringComparison.Ordinal));
        Assert.True(refused >= 10, string.Join(' ', lines));
        Assert.Equal("refused Full True", lines[refused]);
        Assert.Equal(["health ", $"{refused + 1}", "closed"], lines[(refused + 1)..]);
        AssertHolds(Path.Combine(copy, "workflows.db"), refused + 1);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public async Task A_disk_that_does_not_flush_closes_the_store_and_what_was_told_is_there(int failsAt)
    {
        var plan = _directory.PathOf("plan");
        await File.WriteAllTextAsync(plan, $"{failsAt} fail\n", TestContext.Current.CancellationToken);
        var lines = await ExecutionChild.RunAsync(
            Database, Environment.ProcessPath!, [], FlushShim.Variables(Path.GetDirectoryName(plan)!, plan));

        var refused = Array.FindIndex(lines, line => line.StartsWith("refused", StringComparison.Ordinal));
        Assert.Equal("refused Io False", lines[refused]);
        // Whether the disk is well again or not: what is on it must be found out first.
        Assert.Equal(["health Io", "still Closed", "closed"], lines[(refused + 1)..]);
        using var store = SqliteExecutionStore.Open(Database);
        Assert.InRange(store.LastKey, refused, refused + 1);
        AssertWhole(store);
        await store.KeepAsync(new ExecutionStoreChange
        {
            Key = 1000,
            Begins = Chains.Execution(1000, "after"),
            Records = Chains.Of(1),
        });
    }

    [Fact]
    public async Task A_log_that_lost_its_end_gives_what_was_committed_before_the_loss()
    {
        var (database, log) = await LogOfAsync(40);
        var last = -1L;
        // Whole pages, torn pages and torn headers of pages.
        for (var length = 0; length <= log.Length; length += 4099)
        {
            var count = Recover(database, log.AsSpan(0, length).ToArray());
            Assert.True(count >= last, $"{length} bytes of the log gave {count}, fewer gave {last}");
            last = count;
        }

        Assert.Equal(40, Recover(database, log));
        Assert.True(last >= 38, $"all but the end gave {last}");
    }

    [Fact]
    public async Task A_last_page_that_was_torn_is_not_taken()
    {
        var (database, log) = await LogOfAsync(40);
        for (var torn = 1; torn <= 4096; torn += 911)
        {
            var bytes = (byte[])log.Clone();
            bytes.AsSpan(bytes.Length - torn).Fill(0xA5);
            Assert.InRange(Recover(database, bytes), 38, 39);
        }
    }

    [Fact]
    public async Task A_changed_byte_in_a_record_is_found_and_names_it()
    {
        using (var store = SqliteExecutionStore.Open(Database))
        {
            for (var key = 1; key <= 30; key++)
            {
                await store.KeepAsync(Numbered(key));
            }
        }

        var bytes = await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken);
        foreach (var (key, sequence) in ((int, int)[])[(1, 1), (17, 3), (30, 5)])
        {
            var at = bytes.AsSpan().IndexOf(Body(key, sequence));
            var damaged = _directory.PathOf($"damaged-{key}.db");
            var copy = (byte[])bytes.Clone();
            copy[at + 2] ^= 0x41;
            await File.WriteAllBytesAsync(damaged, copy, TestContext.Current.CancellationToken);
            using var store = SqliteExecutionStore.Open(damaged);
            var report = ExecutionVerifier.Verify(store, null);
            var found = Assert.Single(report.Damaged);
            Assert.Equal(($"e{key}", sequence, "hash"), (found.Arn, found.Corruption.Sequence, found.Corruption.What));
            Assert.Equal((30, 145 + sequence - 1), (report.Executions, report.Records));
        }
    }

    [Fact]
    public async Task A_changed_byte_anywhere_is_found_or_changes_nothing_that_is_read()
    {
        using (var store = SqliteExecutionStore.Open(Database))
        {
            for (var key = 1; key <= 60; key++)
            {
                await store.KeepAsync(Numbered(key));
            }
        }

        var bytes = await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken);
        var original = Contents(Database);
        Random random = new(5);
        var found = 0;
        for (var i = 0; i < 100; i++)
        {
            var damaged = _directory.PathOf("damaged.db");
            var at = random.Next(bytes.Length);
            var copy = (byte[])bytes.Clone();
            copy[at] ^= 0x41;
            await File.WriteAllBytesAsync(damaged, copy, TestContext.Current.CancellationToken);
            try
            {
                Assert.True(Contents(damaged) == original, $"byte {at} was changed and what is read changed silently");
            }
            catch (Exception error) when (error is JournalCorruptException or JournalStoreException)
            {
                found++;
            }

            File.Delete(damaged + "-wal");
            File.Delete(damaged + "-shm");
        }

        Assert.True(found > 20, $"{found} of 100 changes were found");
    }

    public void Dispose() => _directory.Dispose();

    private static byte[] Body(int key, int sequence) =>
        System.Text.Encoding.ASCII.GetBytes($"[record {sequence} of execution {key}]");

    private static ExecutionStoreChange Numbered(int key) => new()
    {
        Key = key,
        Begins = Chains.Execution(key, $"e{key}"),
        Records = Chains.Of([.. Enumerable.Range(1, 5).Select(sequence => Body(key, sequence))]),
    };

    private static string Contents(string path)
    {
        using var store = SqliteExecutionStore.Open(path);
        var report = ExecutionVerifier.Verify(store, null);
        return report.Damaged.Count > 0 ? throw report.Damaged[0].Corruption : $"{report.Executions} {report.Records}";
    }

    private static void AssertHolds(string path, int executions)
    {
        using var store = SqliteExecutionStore.Open(path);
        Assert.Equal(executions, store.LastKey);
        AssertWhole(store);
    }

    private static void AssertWhole(SqliteExecutionStore store)
    {
        var report = ExecutionVerifier.Verify(store, null);
        Assert.Empty(report.Damaged);
        Assert.Equal((store.LastKey, store.LastKey * 2), (report.Executions, report.Records));
    }

    private async Task<(byte[] Database, byte[] Log)> LogOfAsync(int executions)
    {
        using var store = SqliteExecutionStore.Open(Database);
        for (var key = 1; key <= executions; key++)
        {
            await store.KeepAsync(Numbered(key));
        }

        // As a crash leaves them: nobody has moved the log into the database.
        return (await ReadAsync(Database), await ReadAsync(Database + "-wal"));
    }

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }

    private long Recover(byte[] database, byte[] log)
    {
        var folder = Directory.CreateDirectory(_directory.PathOf("recovered"));
        var path = Path.Combine(folder.FullName, "workflows.db");
        File.WriteAllBytes(path, database);
        File.WriteAllBytes(path + "-wal", log);
        try
        {
            using var store = SqliteExecutionStore.Open(path);
            var report = ExecutionVerifier.Verify(store, null);
            Assert.Empty(report.Damaged);
            Assert.Equal((store.LastKey, store.LastKey * 5), (report.Executions, report.Records));
            return store.LastKey;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
