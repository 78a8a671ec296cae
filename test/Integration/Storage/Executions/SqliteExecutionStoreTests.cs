using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Analemma.Integration.Tests.Storage.Executions;

public sealed class SqliteExecutionStoreTests : ExecutionStoreContract, IDisposable
{
    /// <summary>As the first kernels with workflows made it.</summary>
    private const string Version1 = """
        CREATE TABLE document (
            kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)) STRICT;
        CREATE TABLE execution (
            key INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, machine TEXT NOT NULL, run TEXT,
            status INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER, head BLOB NOT NULL, tail BLOB,
            sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
        CREATE INDEX execution_machine ON execution (machine, key);
        CREATE INDEX execution_run ON execution (run, key) WHERE run IS NOT NULL;
        CREATE INDEX execution_open ON execution (key) WHERE status = 0;
        CREATE TABLE record (
            id INTEGER PRIMARY KEY, ticks INTEGER NOT NULL, type TEXT NOT NULL, hash BLOB NOT NULL,
            body BLOB NOT NULL) STRICT;
        PRAGMA journal_mode=WAL; PRAGMA application_id=1097755735; PRAGMA user_version=1;
        """;

    private readonly JournalDirectory _directory = new();
    private int _others;

    [Fact]
    public async Task A_file_of_version_1_is_brought_up_to_date_with_all_that_is_in_it()
    {
        var path = _directory.PathOf("old.db");
        var records = Chains.Of(3);
        using (SqliteConnection old = new($"Data Source={path};Pooling=False"))
        {
            old.Open();
            Execute(old, Version1);
            for (var i = 0; i < records.Length; i++)
            {
                Execute(
                    old, "INSERT INTO record VALUES ($1, $2, $3, $4, $5)",
                    (7L << 24) + i + 1, records[i].Ticks, "step", records[i].Hash.ToArray(), records[i].Body.ToArray());
            }

            Execute(
                old, "INSERT INTO execution VALUES (7, 'a', 'm', NULL, 1, 5, 6, $1, $2, 3, $3)",
                new byte[] { 1 }, new byte[] { 2 }, records[^1].Hash.ToArray());
            Execute(old, "INSERT INTO document VALUES ('machine', 'm', $1)", new byte[] { 3 });
        }

        using (var store = SqliteExecutionStore.Open(path))
        {
            Chains.AssertSame(records, store.Records(7));
            Assert.Equal([7], store.EndedBefore(100, 10));
            Assert.Null(store.Checkpoint(7));
            Assert.Single(store.Documents("machine"));
            await store.KeepAsync(new ExecutionStoreChange
            {
                Key = 7,
                Checkpoint = new Checkpoint(records[^1].Position, 1, new byte[] { 9 }),
            });
        }

        using var again = SqliteExecutionStore.Open(path);
        Assert.Equal([9], again.Checkpoint(7)!.State.ToArray());
        Assert.Empty(ExecutionVerifier.Verify(again, null).Damaged);
    }

    [Fact]
    public async Task An_execution_of_a_file_of_version_1_goes_on_where_its_records_end()
    {
        var path = _directory.PathOf("old.db");
        var records = Chains.Of(6);
        using (SqliteConnection old = new($"Data Source={path};Pooling=False"))
        {
            old.Open();
            Execute(old, Version1);
            for (var i = 0; i < 3; i++)
            {
                Execute(
                    old, "INSERT INTO record VALUES ($1, $2, $3, $4, $5)",
                    (7L << 24) + i + 1, records[i].Ticks, "step", records[i].Hash.ToArray(), records[i].Body.ToArray());
            }

            Execute(
                old, "INSERT INTO execution VALUES (7, 'a', 'm', NULL, 0, 5, NULL, $1, NULL, 3, $2)",
                new byte[] { 1 }, records[2].Hash.ToArray());
        }

        using (var store = SqliteExecutionStore.Open(path))
        {
            Assert.Equal(records[2].Position, store.Find("a")!.Last);
            await store.KeepAsync(new ExecutionStoreChange { Key = 7, Records = records[3..5], Waits = [8] });
            await store.KeepAsync(new ExecutionStoreChange { Key = 7, Records = records[5..], Waits = [9] });
        }

        using var again = SqliteExecutionStore.Open(path);
        Chains.AssertSame(records, again.Records(7));
        Chains.AssertSame(records[2..4], again.Page(7, 3, 2));
        var open = Assert.Single(again.Open());
        Assert.Equal((records[^1].Position, 9), (open.Last, Assert.Single(open.Waits!)));
        Assert.Empty(ExecutionVerifier.Verify(again, null).Damaged);
        await again.KeepAsync(new ExecutionStoreChange { Key = 7, Prune = 3 });
        Chains.AssertSame(records[2..], again.Records(7));
        await again.KeepAsync(new ExecutionStoreChange { Forget = [7] });
        Assert.Empty(again.Records(7));
        Assert.Empty(again.Open());
    }

    [Theory]
    [InlineData("DELETE FROM last WHERE key = 1; DELETE FROM place WHERE key = 1")]
    [InlineData("DELETE FROM entry WHERE key = 1 AND sequence = 70")]
    [InlineData("UPDATE entry SET key = 2 WHERE key = 1 AND sequence = 70")]
    [InlineData("DELETE FROM place WHERE key = 1 AND sequence = 32")]
    [InlineData("DELETE FROM place WHERE key = 1 AND sequence = 64")]
    [InlineData("DELETE FROM last WHERE key = 1")]
    [InlineData("UPDATE last SET numbers = x'' WHERE key = 1")]
    [InlineData("UPDATE last SET numbers = substr(numbers, 2) WHERE key = 1")]
    [InlineData("UPDATE last SET numbers = (SELECT numbers FROM last WHERE key = 2) WHERE key = 1")]
    public async Task What_is_lost_of_an_execution_is_noticed(string loss)
    {
        var path = _directory.PathOf("lost.db");
        var records = Chains.Of(70);
        using (var store = SqliteExecutionStore.Open(path))
        {
            for (var n = 0; n < records.Length; n++)
            {
                for (var key = 1; key <= 2; key++)
                {
                    await store.KeepAsync(new ExecutionStoreChange
                    {
                        Key = key,
                        Begins = n > 0 ? null
                            : new StoredExecution(key, $"a{key}", "m", 1, [1], new ExecutionStanding(0, null, null)),
                        Records = [records[n]],
                    });
                }
            }
        }

        using (SqliteConnection file = new($"Data Source={path};Pooling=False"))
        {
            file.Open();
            Execute(file, loss);
        }

        using var again = SqliteExecutionStore.Open(path);
        Assert.Equal("a1", Assert.Single(ExecutionVerifier.Verify(again, null).Damaged).Arn);
        Chains.AssertSame(records, again.Records(2));
    }

    [Fact]
    public async Task Records_of_many_that_were_written_in_turn_are_found_let_go_and_forgotten()
    {
        using var store = SqliteExecutionStore.Open(_directory.PathOf("turns.db"));
        var records = Chains.Of(100);
        for (var n = 0; n < records.Length; n += 4)
        {
            for (var key = 1; key <= 3; key++)
            {
                await store.KeepAsync(new ExecutionStoreChange
                {
                    Key = key,
                    Begins = n > 0 ? null
                        : new StoredExecution(key, $"a{key}", "m", 1, [1], new ExecutionStanding(0, null, null)),
                    // Some come alone and some together.
                    Records = records[n..(n + 3)],
                });
                await store.KeepAsync(new ExecutionStoreChange { Key = key, Records = [records[n + 3]] });
            }
        }

        foreach (var from in (int[])[1, 2, 31, 32, 33, 63, 64, 65, 96, 99, 100])
        {
            Chains.AssertSame(records[(from - 1)..], store.Records(2, from));
            Chains.AssertSame(records[(from - 1)..Math.Min(from + 39, 100)], store.Page(2, from, 40));
        }

        Assert.Empty(store.Records(2, 101));
        foreach (var before in (int[])[2, 33, 50, 65, 98])
        {
            await store.KeepAsync(new ExecutionStoreChange { Key = 2, Prune = before });
            Chains.AssertSame(records[(before - 1)..], store.Records(2));
        }

        Chains.AssertSame(records, store.Records(1));
        await store.KeepAsync(new ExecutionStoreChange { Forget = [2] });
        Assert.Empty(store.Records(2));
        Chains.AssertSame(records, store.Records(3));
    }

    [Fact]
    public void A_file_of_a_newer_kernel_is_refused()
    {
        var path = _directory.PathOf("new.db");
        SqliteExecutionStore.Open(path).Dispose();
        using (SqliteConnection file = new($"Data Source={path};Pooling=False"))
        {
            file.Open();
            Execute(file, "PRAGMA user_version=99");
        }

        var refused = Assert.Throws<JournalStoreException>(() => SqliteExecutionStore.Open(path));
        Assert.Equal(JournalStoreFailure.NotAJournal, refused.Failure);
    }

    public void Dispose() => _directory.Dispose();

    protected override IExecutionStore Open(TimeProvider? time = null) =>
        SqliteExecutionStore.Open(_directory.PathOf("workflows.db"), time: time);

    protected override IExecutionStore OpenAnother() =>
        SqliteExecutionStore.Open(_directory.PathOf($"workflows-{++_others}.db"));

    private static void Execute(SqliteConnection connection, string sql, params object[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        }

        command.ExecuteNonQuery();
    }
}
