using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>SQLite's result codes (https://sqlite.org/rescode.html) as the journal's failures.</summary>
internal static class SqliteErrors
{
    private const int Full = 13;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    public static JournalStoreException ToStoreException(this SqliteException error, string path) =>
        new(FailureOf(error), $"{path}: {error.Message} (code {error.SqliteExtendedErrorCode})", error);

    public static bool IsDamage(SqliteException error) => error.SqliteErrorCode is Corrupt or NotADatabase;

    private static JournalStoreFailure FailureOf(SqliteException error) => error.SqliteErrorCode switch
    {
        Full => JournalStoreFailure.Full,
        Busy or Locked => JournalStoreFailure.InUse,
        Corrupt => JournalStoreFailure.Damaged,
        NotADatabase => JournalStoreFailure.NotAJournal,
        _ => JournalStoreFailure.Io,
    };
}
