using System.Globalization;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

// JOURNAL DATABASE
//
//   record      one row a record, keyed by sequence (the rowid, so records lie in order in one B-tree)
//   chain       one row: what the oldest kept record follows, and which record is the last. The second is written in
//               the same transaction as the records, and shows if a damaged page has lost the end of the journal.
//   checkpoint  at most one row, with a digest of its own
//
// application_id says that the file is ours, user_version which migrations it has. journal_mode WAL with synchronous
// FULL flushes the log once a commit: a committed transaction survives loss of power (https://sqlite.org/wal.html).

/// <summary>Makes a connection ready: settings, and the migrations that the file lacks.</summary>
internal static class SqliteJournalSchema
{
    /// <summary>"AnlJ" in ASCII.</summary>
    private const int ApplicationId = 0x416E6C4A;

    /// <summary>SQLite's default, which a new file gets.</summary>
    private const int PageBytes = 4096;

    /// <summary>SQLite's own limit: https://sqlite.org/limits.html.</summary>
    private const long PagesMax = 4294967294;

    /// <summary>
    /// Each takes a file from the version that is its index to the next. Never edit one that was released.
    /// </summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE record (
            sequence INTEGER PRIMARY KEY,
            ticks INTEGER NOT NULL,
            type TEXT NOT NULL,
            hash BLOB NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE TABLE chain (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            anchor_sequence INTEGER NOT NULL,
            anchor_hash BLOB NOT NULL,
            last_sequence INTEGER NOT NULL,
            last_hash BLOB NOT NULL
        ) STRICT;
        CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            sequence INTEGER NOT NULL,
            hash BLOB NOT NULL,
            format_version INTEGER NOT NULL,
            digest BLOB NOT NULL,
            state BLOB NOT NULL
        ) STRICT;
        INSERT INTO chain VALUES (1, 0, zeroblob(32), 0, zeroblob(32));
        """,
    ];

    public static SqliteConnection OpenForWriting(string path, long bytesMax)
    {
        var connection = Open(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;");
            Migrate(connection, path);
            var pagesMax = Math.Min(bytesMax / PageBytes, PagesMax);
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count={pagesMax}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection OpenForReading(string path)
    {
        var connection = Open(path, SqliteOpenMode.ReadOnly);
        try
        {
            CheckVersion(connection, path);
            Execute(connection, "PRAGMA cell_size_check=ON; BEGIN");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

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
        var version = CheckVersion(connection, path);
        if (version == Migrations.Length)
        {
            return;
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        for (var next = version; next < Migrations.Length; next++)
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

    private static int CheckVersion(SqliteConnection connection, string path)
    {
        var application = Number(connection, "PRAGMA application_id");
        var version = Number(connection, "PRAGMA user_version");
        var isEmpty = version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
        if (application != ApplicationId && !isEmpty)
        {
            throw new JournalStoreException(JournalStoreFailure.NotAJournal, $"{path} is a database of something else");
        }

        return version <= Migrations.Length
            ? (int)version
            : throw new JournalStoreException(
                JournalStoreFailure.NotAJournal,
                $"{path} has journal version {version}; this Analemma knows up to {Migrations.Length}");
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
