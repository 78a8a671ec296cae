using System.Globalization;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

// DATABASE OF WORKFLOWS
//
//   document    by kind and key
//   execution   one row each; indexed by what executions are listed by
//   record      all executions' records in one B-tree, those of one side by side: id = execution * 2^24 + sequence
//
// As with the journal: application_id says that the file is ours, user_version which migrations it has, and WAL with
// synchronous FULL that a committed transaction survives loss of power (https://sqlite.org/wal.html).

/// <summary>Makes a connection ready: settings, and the migrations that the file lacks.</summary>
internal static class SqliteExecutionSchema
{
    /// <summary>Records of one execution, at most: more than its history may have.</summary>
    public const int SequenceBits = 24;

    /// <summary>"AnlW" in ASCII.</summary>
    private const int ApplicationId = 0x416E6C57;

    /// <summary>
    /// Each takes a file from the version that is its index to the next. Never edit one that was released.
    /// </summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE document (
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (kind, key)
        ) STRICT;
        CREATE TABLE execution (
            key INTEGER PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            machine TEXT NOT NULL,
            run TEXT,
            status INTEGER NOT NULL,
            started INTEGER NOT NULL,
            ended INTEGER,
            head BLOB NOT NULL,
            tail BLOB,
            sequence INTEGER NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX execution_machine ON execution (machine, key);
        CREATE INDEX execution_run ON execution (run, key) WHERE run IS NOT NULL;
        CREATE INDEX execution_open ON execution (key) WHERE status = 0;
        CREATE TABLE record (
            id INTEGER PRIMARY KEY,
            ticks INTEGER NOT NULL,
            type TEXT NOT NULL,
            hash BLOB NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        """,
    ];

    public static SqliteConnection OpenForWriting(string path)
    {
        var connection = Open(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;");
            Migrate(connection, path);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection OpenForReading(string path) => Open(path, SqliteOpenMode.ReadOnly);

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        var version = Number(connection, "PRAGMA user_version");
        var isEmpty = version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
        if (Number(connection, "PRAGMA application_id") != ApplicationId && !isEmpty)
        {
            throw new JournalStoreException(JournalStoreFailure.NotAJournal, $"{path} is a database of something else");
        }

        if (version > Migrations.Length)
        {
            throw new JournalStoreException(
                JournalStoreFailure.NotAJournal,
                $"{path} has workflow version {version}; this Analemma knows up to {Migrations.Length}");
        }

        if (version == Migrations.Length)
        {
            return;
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        for (var next = (int)version; next < Migrations.Length; next++)
        {
            Execute(connection, Migrations[next], transaction);
        }

        Execute(
            connection,
            string.Create(CultureInfo.InvariantCulture,
                $"PRAGMA application_id={ApplicationId}; PRAGMA user_version={Migrations.Length};"),
            transaction);
        transaction.Commit();
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
