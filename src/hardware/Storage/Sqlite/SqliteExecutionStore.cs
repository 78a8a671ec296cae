using System.Collections.Concurrent;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Executions of workflows in one SQLite file of their own, owned by one kernel. One thread writes: what waits when it
/// begins goes into one transaction, and so with one flush to the disk. Reading has connections of its own, and sees
/// what is committed. A failure after which nobody knows whether a commit took place closes the store for writing.
/// </summary>
public sealed class SqliteExecutionStore : IExecutionStore
{
    private readonly string _path;
    private readonly JournalFileLock _lock;
    private readonly SqliteConnection _connection;
    private readonly SqliteExecutionStatements _statements;
    private readonly CommitQueue _queue;
    private readonly ConcurrentBag<SqliteExecutionReader> _readers = [];
    private long _commits;
    private volatile JournalStoreException? _broken;
    private volatile bool _disposed;

    private SqliteExecutionStore(string path, long bytesMax, JournalFileLock fileLock, TimeProvider time)
    {
        (_path, _lock) = (path, fileLock);
        _connection = SqliteExecutionSchema.Database.OpenForWriting(path, bytesMax);
        try
        {
            _statements = new SqliteExecutionStatements(_connection);
            LastKey = Read(reader => reader.LastKey());
        }
        catch
        {
            _connection.Dispose();
            throw;
        }

        _queue = new CommitQueue("workflows", CommitGroup, time);
    }

    public string Name => _path;

    public long Commits => Interlocked.Read(ref _commits);

    public long LastKey { get; }

    public bool IsLent => _queue.IsLent;

    public ExecutionStoreHealth Health => new(_broken, _queue.Waiting, _queue.OldestWait);

    /// <summary>
    /// Creates the file if there is none, mode 0600; its directory must exist. One that has grown to
    /// <paramref name="bytesMax"/> is full, as if the disk were.
    /// </summary>
    /// <exception cref="JournalStoreException">It is no such file, in use, or cannot be opened.</exception>
    public static SqliteExecutionStore Open(string path, long bytesMax = long.MaxValue, TimeProvider? time = null)
    {
        var fileLock = JournalFileLock.Take(path);
        try
        {
            return new SqliteExecutionStore(path, bytesMax, fileLock, time ?? TimeProvider.System);
        }
        catch (SqliteException error)
        {
            fileLock.Dispose();
            throw error.ToStoreException(path);
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>Makes commits faster from soon on, as the journal does.</summary>
    public void Ready() => _queue.TryPost(() =>
    {
        try
        {
            if (_broken is null)
            {
                SqliteLogGrowth.Grow(_connection, _path);
            }
        }
        catch (SqliteException error)
        {
            Break(error.ToStoreException(_path));
        }
        catch (IOException)
        {
            // Not flushed now: with the next commit.
        }
    });

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done) => _queue.Write(change, done);

    public IReadOnlyList<StoredDocument> Documents(string kind) => Read(reader => reader.Documents(kind));

    public StoredExecution? Find(string arn) => Read(reader => reader.Find(arn));

    public StoredExecution? Find(long key) => Read(reader => reader.Find(key));

    public IReadOnlyList<StoredExecution> Open() => Read(reader => reader.Open());

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => Read(reader => reader.List(query));

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Read(reader => reader.Records(key, fromSequence));

    public IReadOnlyList<JournalRecord> Page(long key, long fromSequence, int max) =>
        Read(reader => reader.Records(key, fromSequence, max));

    public Checkpoint? Checkpoint(long key) => Read(reader => reader.Checkpoint(key));

    public IReadOnlyList<long> EndedBefore(long ticks, int max) => Read(reader => reader.EndedBefore(ticks, max));

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _queue.Dispose();
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }

        _statements.Dispose();
        _connection.Dispose();
        _lock.Dispose();
    }

    private T Read<T>(Func<SqliteExecutionReader, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SqliteExecutionReader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
            {
                reader = new SqliteExecutionReader(_path);
            }

            var found = read(reader);
            _readers.Add(reader);
            reader = null;
            return found;
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(_path);
        }
        finally
        {
            reader?.Dispose();
        }
    }

    private JournalStoreException? CommitGroup(IReadOnlyList<PendingChange> group)
    {
        if (_broken is { } broken)
        {
            return Closed(broken);
        }

        try
        {
            _statements.Begin();
            for (var i = 0; i < group.Count; i++)
            {
                _statements.Write(group[i].Change);
            }

            _statements.Commit();
            Interlocked.Increment(ref _commits);
            return null;
        }
        catch (SqliteException error)
        {
            var failure = error.ToStoreException(_path);
            if (!_statements.TryRollback() || !failure.StoreIsUsable)
            {
                Break(failure);
            }

            return failure;
        }
        catch (Exception unforeseen)
        {
            // Not of the database: a mistake of ours, which is to end neither this thread nor the process.
            JournalStoreException failure = new(
                JournalStoreFailure.Io, $"{_path}: {unforeseen.GetType().Name}: {unforeseen.Message}", unforeseen);
            _statements.TryRollback();
            Break(failure);
            return failure;
        }
    }

    private void Break(JournalStoreException failure)
    {
        _broken = failure;
        _queue.RefuseWork(Closed(failure));
    }

    private JournalStoreException Closed(JournalStoreException why) => new(
        JournalStoreFailure.Closed, $"{_path} failed before and must be opened again: {why.Message}", why);
}
