using Analemma.Abi;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>Gives pages that a database does not use back to the host: all of it is written anew, by SQLite.</summary>
public static class SqliteCompaction
{
    /// <exception cref="JournalStoreException">A kernel has it, or it cannot be written.</exception>
    public static CompactedFile Compact(string path)
    {
        using var owned = JournalFileLock.Take(path);
        var before = BytesOf(path);
        try
        {
            using SqliteConnection connection = new(new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = SqliteOpenMode.ReadWrite,
                Pooling = false,
            }.ToString());
            connection.Open();
            SqliteDatabase.Execute(
                connection, "PRAGMA synchronous=FULL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(path);
        }

        return new CompactedFile(path, before, BytesOf(path));
    }

    private static long BytesOf(string path) =>
        new[] { path, path + "-wal" }.Where(File.Exists).Sum(file => new FileInfo(file).Length);
}
