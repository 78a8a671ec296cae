using Analemma.Daemon.Configuration.Sections;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Postgres;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Workflows;

/// <summary>Opens the store of executions that the owner chose.</summary>
internal static class ExecutionStores
{
    /// <summary>Others than the owner may not read it.</summary>
    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Whether there may be executions to go on with.</summary>
    public static bool MayHoldSome(WorkflowOptions options) =>
        options.Store is ExecutionStoreKind.Postgres || File.Exists(options.Path);

    /// <exception cref="JournalStoreException">It cannot be opened.</exception>
    public static IExecutionStore Open(WorkflowOptions options, TimeProvider time) =>
        options.Store is ExecutionStoreKind.Postgres
            ? OpenPostgres(options.Postgres, time)
            : SqliteExecutionStore.Open(options.Path, time: time);

    /// <summary>Only to look at, also while a kernel has it.</summary>
    /// <exception cref="JournalStoreException">It cannot be opened.</exception>
    public static IExecutionReader OpenToRead(WorkflowOptions options) =>
        options.Store is ExecutionStoreKind.Postgres
            ? ReadPostgres(options.Postgres)
            : SqliteExecutionView.Open(options.Path);

    private static PostgresExecutionView ReadPostgres(PostgresPlace place) =>
        PostgresExecutionView.Open(ConnectionOf(place));

    // Apart, so that a kernel without a server does not load what speaks to one.
    private static PostgresExecutionStore OpenPostgres(PostgresPlace place, TimeProvider time) =>
        PostgresExecutionStore.Open(ConnectionOf(place), time);

    private static string ConnectionOf(PostgresPlace place)
    {
        if (place.File.Length == 0)
        {
            return place.Variable.Length > 0 ? place.Variable : throw Unusable(
                "workflows.store is postgres: set workflows.postgres_file, or ANALEMMA_WORKFLOWS_POSTGRES");
        }

        try
        {
            return (File.GetUnixFileMode(place.File) & OfOthers) == 0
                ? File.ReadAllText(place.File).Trim()
                : throw Unusable($"{place.File} may be read by others: chmod 600 {place.File}");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw Unusable($"workflows.postgres_file cannot be read: {wrong.Message}");
        }
    }

    private static JournalStoreException Unusable(string why) => new(JournalStoreFailure.NotAJournal, why);
}
