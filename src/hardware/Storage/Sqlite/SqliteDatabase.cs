using System.Globalization;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

// A FILE OF ONE KIND
//
// application_id says that a file is of that kind, user_version which migrations it has. journal_mode WAL with
// synchronous FULL flushes the log once a commit: a committed transaction survives loss of power
// (https://sqlite.org/wal.html).

/// <summary>A kind of SQLite file: makes connections ready, with the migrations that the file lacks.</summary>
/// <param name="applicationId">What such files are marked with.</param>
/// <param name="word">What it is to people.</param>
/// <param name="migrations">
/// Each takes a file from the version that is its index to the next. Never edit one that was released.
/// </param>
internal sealed class SqliteDatabase(int applicationId, string word, string[] migrations)
{
    /// <summary>SQLite's default, which a new file gets.</summary>
    private const int PageBytes = 4096;

    /// <summary>SQLite's own limit: https://sqlite.org/limits.html.</summary>
    private const long PagesMax = 4294967294;

    /// <summary>Creates the file, mode 0600, when there is none.</summary>
    /// <exception cref="JournalStoreException">It is of another kind, or of a newer Analemma.</exception>
    public SqliteConnection OpenForWriting(string path, long bytesMax)
    {
        using (new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
        }

        var connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
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

    /// <summary>Of a file that is there.</summary>
    /// <exception cref="JournalStoreException">It is of another kind, or of a newer Analemma.</exception>
    public SqliteConnection OpenForReading(string path)
    {
        var connection = Connect(path, SqliteOpenMode.ReadOnly);
        try
        {
            CheckVersion(connection, path);
            Execute(connection, "PRAGMA cell_size_check=ON");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
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

    private void Migrate(SqliteConnection connection, string path)
    {
        var version = CheckVersion(connection, path);
        if (version == migrations.Length)
        {
            return;
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        for (var next = version; next < migrations.Length; next++)
        {
            Execute(connection, migrations[next], transaction);
        }

        Execute(
            connection,
            string.Create(CultureInfo.InvariantCulture,
                $"PRAGMA application_id={applicationId}; PRAGMA user_version={migrations.Length};"),
            transaction);
        transaction.Commit();
    }

    private int CheckVersion(SqliteConnection connection, string path)
    {
        var application = Number(connection, "PRAGMA application_id");
        var version = Number(connection, "PRAGMA user_version");
        var isEmpty = version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
        if (application != applicationId && !isEmpty)
        {
            throw new JournalStoreException(JournalStoreFailure.NotAJournal, $"{path} is a database of something else");
        }

        return version <= migrations.Length
            ? (int)version
            : throw new JournalStoreException(
                JournalStoreFailure.NotAJournal,
                $"{path} has {word} version {version}; this Analemma knows up to {migrations.Length}");
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
