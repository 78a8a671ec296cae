using System.Net.Sockets;
using Analemma.Journal;
using Npgsql;

namespace Analemma.Storage.Postgres;

/// <summary>The server's SQLSTATEs (https://www.postgresql.org/docs/15/errcodes-appendix.html) as failures.</summary>
internal static class PostgresErrors
{
    public const string LockNotAvailable = "55P03";

    /// <summary>What may come of talking to a server.</summary>
    public static bool IsOfServer(Exception error) =>
        error is NpgsqlException or TimeoutException or SocketException or IOException;

    /// <summary>The server's own words go in; neither the connection string nor values of a row do.</summary>
    public static JournalStoreException ToStoreException(Exception error, string name) => error switch
    {
        PostgresException server => new(
            FailureOf(server.SqlState), $"{name}: {server.MessageText} (SQLSTATE {server.SqlState})", error),
        _ => new(JournalStoreFailure.Gone, $"{name} cannot be reached: {Innermost(error).Message}", error),
    };

    private static JournalStoreFailure FailureOf(string state) => state switch
    {
        PostgresSchema.Fenced => JournalStoreFailure.Fenced,
        // insufficient_resources: disk_full, out_of_memory, too_many_connections. The transaction is rolled back.
        "53100" or "53200" or "53400" => JournalStoreFailure.Full,
        "53300" => JournalStoreFailure.Gone,
        // lock_not_available: the owner's lock is held.
        LockNotAvailable => JournalStoreFailure.InUse,
        // read_only_sql_transaction: a standby, or a server that recovers; query_canceled: it took too long.
        "25006" or "57014" => JournalStoreFailure.Gone,
        // data_corrupted, index_corrupted
        "XX001" or "XX002" => JournalStoreFailure.Damaged,
        // Connections fail (08), and operators intervene (57P): shutdown, crash of another session, starting up.
        _ when state.StartsWith("08", StringComparison.Ordinal) => JournalStoreFailure.Gone,
        _ when state.StartsWith("57P", StringComparison.Ordinal) => JournalStoreFailure.Gone,
        // transaction_rollback: deadlock, serialization. Nobody else writes, so it is somebody's hand; once more.
        _ when state.StartsWith("40", StringComparison.Ordinal) => JournalStoreFailure.Gone,
        _ => JournalStoreFailure.Io,
    };

    private static Exception Innermost(Exception error) =>
        error.InnerException is { } inner ? Innermost(inner) : error;
}
