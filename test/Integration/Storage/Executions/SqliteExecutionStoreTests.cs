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
