using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

// A commit appends pages to the write-ahead log and flushes it. While the file still grows, each flush also has to
// write down its new size and blocks, in the file system's own journal; over blocks that are there already it need not,
// and takes half as long. SQLite writes its log from the beginning again after each checkpoint, and never shortens it,
// so that one growth serves until the journal is closed.
//
// The log grows by what a transaction spills from a small page cache before it is rolled back: pages that no commit
// follows do not exist for whoever reads the log (https://sqlite.org/fileformat2.html#the_write_ahead_log).

/// <summary>Makes the log as long as it gets between two checkpoints.</summary>
internal static class SqliteLogGrowth
{
    /// <summary>SQLite's default of 1000 pages between checkpoints, the last commit's, and their headers.</summary>
    public const long LogBytes = 1200 * (4096 + 24);

    private const int SpillingPages = 50;
    private const int DefaultCacheKiB = 2000;

    /// <summary>Outside a transaction. A full disk stays as it was, as does a log that is long enough.</summary>
    public static void Grow(SqliteConnection connection, string path)
    {
        var log = path + "-wal";
        if (!File.Exists(log) || new FileInfo(log).Length >= LogBytes)
        {
            return;
        }

        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size={SpillingPages}"));
        Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            Execute(connection, string.Create(
                CultureInfo.InvariantCulture,
                $"INSERT INTO record VALUES (-1, 0, 'growth', zeroblob(32), zeroblob({LogBytes}))"));
        }
        catch (SqliteException full)
            when (full.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR)
        {
            // What there is of it is enough; a disk that cannot take records says so when there is one.
        }
        finally
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                Execute(connection, "ROLLBACK");
            }

            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size=-{DefaultCacheKiB}"));
        }

        using var file = File.OpenHandle(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
