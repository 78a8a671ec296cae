using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Executions in a file as they were when it was opened, also while a kernel writes there. One thread at a time.
/// </summary>
public sealed class SqliteExecutionView : IExecutionReader
{
    private readonly string _path;
    private readonly SqliteExecutionReader _reader;

    private SqliteExecutionView(string path, SqliteExecutionReader reader)
    {
        (_path, _reader) = (path, reader);
        LastKey = reader.LastKey();
    }

    public string Name => _path;

    public long LastKey { get; }

    /// <exception cref="JournalStoreException">There is none, or it is something else.</exception>
    public static SqliteExecutionView Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new JournalStoreException(JournalStoreFailure.NotAJournal, $"{path}: there is no such database");
        }

        try
        {
            SqliteExecutionReader reader = new(path);
            try
            {
                reader.Hold();
                return new SqliteExecutionView(path, reader);
            }
            catch
            {
                reader.Dispose();
                throw;
            }
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(path);
        }
    }

    public IReadOnlyList<StoredDocument> Documents(string kind) => Read(() => _reader.Documents(kind));

    public StoredExecution? Find(string arn) => Read(() => _reader.Find(arn));

    public StoredExecution? Find(long key) => Read(() => _reader.Find(key));

    public IReadOnlyList<StoredExecution> Open() => Read(_reader.Open);

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => Read(() => _reader.List(query));

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Read(() => _reader.Records(key, fromSequence));

    public IReadOnlyList<JournalRecord> Page(long key, long fromSequence, int max) =>
        Read(() => _reader.Records(key, fromSequence, max));

    public Checkpoint? Checkpoint(long key) => Read(() => _reader.Checkpoint(key));

    public IReadOnlyList<long> EndedBefore(long ticks, int max) => Read(() => _reader.EndedBefore(ticks, max));

    public void Dispose() => _reader.Dispose();

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(_path);
        }
    }
}
