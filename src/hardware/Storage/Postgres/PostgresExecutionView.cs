using System.Data;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Npgsql;

namespace Analemma.Storage.Postgres;

/// <summary>
/// Executions on a server as they were when it was opened, also while a kernel writes there. One thread at a time.
/// </summary>
public sealed class PostgresExecutionView : IExecutionReader
{
    private readonly NpgsqlConnection _session;
    private readonly NpgsqlTransaction _moment;

    private PostgresExecutionView(NpgsqlConnection session, string name)
    {
        (_session, Name) = (session, name);
        // The first question decides the moment that all see.
        _moment = session.BeginTransaction(IsolationLevel.RepeatableRead);
        LastKey = PostgresExecutionReader.LastKey(Ask);
    }

    public string Name { get; }

    public long LastKey { get; }

    /// <exception cref="JournalStoreException">It cannot be reached, or holds no executions.</exception>
    public static PostgresExecutionView Open(string connection)
    {
        var where = PostgresExecutionStore.Parse(connection);
        var name = PostgresExecutionStore.NameOf(where);
        NpgsqlConnection session = new(where.ConnectionString + ";Pooling=false");
        try
        {
            session.Open();
            return new PostgresExecutionView(session, name);
        }
        catch (Exception error)
        {
            session.Dispose();
            if (PostgresErrors.IsOfServer(error))
            {
                throw PostgresErrors.ToStoreException(error, name);
            }

            throw;
        }
    }

    public IReadOnlyList<StoredDocument> Documents(string kind) =>
        Read(() => PostgresExecutionReader.Documents(Ask, kind));

    public StoredExecution? Find(string arn) => Read(() => PostgresExecutionReader.Find(Ask, arn));

    public StoredExecution? Find(long key) => Read(() => PostgresExecutionReader.Find(Ask, key));

    public IReadOnlyList<StoredExecution> Open() => Read(() => PostgresExecutionReader.Open(Ask));

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) =>
        Read(() => PostgresExecutionReader.List(Ask, query));

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Read(() => PostgresExecutionReader.Records(Ask, key, fromSequence));

    public IReadOnlyList<JournalRecord> Page(long key, long fromSequence, int max) =>
        Read(() => PostgresExecutionReader.Records(Ask, key, fromSequence, max));

    public Checkpoint? Checkpoint(long key) => Read(() => PostgresExecutionReader.Checkpoint(Ask, key));

    public IReadOnlyList<long> EndedBefore(long ticks, int max) =>
        Read(() => PostgresExecutionReader.EndedBefore(Ask, ticks, max));

    public void Dispose()
    {
        _moment.Dispose();
        _session.Dispose();
    }

    private NpgsqlCommand Ask(string sql) => new(sql, _session, _moment);

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (PostgresErrors.IsOfServer(error))
        {
            throw PostgresErrors.ToStoreException(error, Name);
        }
    }
}
