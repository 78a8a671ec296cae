using System.Collections.Concurrent;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Executions of workflows in one SQLite file of their own, owned by one kernel. One thread writes: what waits when it
/// begins goes into one transaction, and so with one flush to the disk. Reading has connections of its own, and sees
/// what is committed. A failure after which nobody knows whether a commit took place closes the store for writing.
/// </summary>
public sealed class SqliteExecutionStore : IExecutionStore
{
    /// <summary>Changes in one transaction: what one flush may hold up.</summary>
    private const int GroupMax = 1024;

    private readonly string _path;
    private readonly JournalFileLock _lock;
    private readonly SqliteConnection _connection;
    private readonly SqliteExecutionStatements _statements;
    private readonly StorageThread _thread;
    private readonly ConcurrentBag<SqliteExecutionReader> _readers = [];
    private readonly ConcurrentQueue<Pending> _pending = new();
    private readonly List<Pending> _group = [];
    private int _scheduled;
    private long _commits;
    private volatile JournalStoreException? _broken;
    private volatile bool _disposed;

    private readonly record struct Pending(ExecutionStoreChange Change, Action<JournalStoreException?> Done);

    private SqliteExecutionStore(string path, JournalFileLock fileLock)
    {
        (_path, _lock) = (path, fileLock);
        using (new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
        }

        _connection = SqliteExecutionSchema.OpenForWriting(path);
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

        _thread = new StorageThread("workflows");
    }

    public long Commits => Interlocked.Read(ref _commits);

    public long LastKey { get; }

    /// <summary>Why nothing is written any more; null while it is.</summary>
    public JournalStoreException? Broken => _broken;

    /// <summary>Creates the file if there is none, mode 0600; its directory must exist.</summary>
    /// <exception cref="JournalStoreException">It is no such file, in use, or cannot be opened.</exception>
    public static SqliteExecutionStore Open(string path)
    {
        var fileLock = JournalFileLock.Take(path);
        try
        {
            return new SqliteExecutionStore(path, fileLock);
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
    public void GrowLog() => _thread.TryPost(() =>
    {
        try
        {
            SqliteLogGrowth.Grow(_connection, _path);
        }
        catch (SqliteException error)
        {
            _broken = error.ToStoreException(_path);
        }
        catch (IOException)
        {
            // Not flushed now: with the next commit.
        }
    });

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        _pending.Enqueue(new Pending(change, done));
        if (Interlocked.Exchange(ref _scheduled, 1) == 0 && !_thread.TryPost(CommitPending))
        {
            Refuse();
        }
    }

    public IReadOnlyList<StoredDocument> Documents(string kind) => Read(reader => reader.Documents(kind));

    public StoredExecution? Find(string arn) => Read(reader => reader.Find(arn));

    public StoredExecution? Find(long key) => Read(reader => reader.Find(key));

    public IReadOnlyList<StoredExecution> Open() => Read(reader => reader.Open());

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) => Read(reader => reader.List(query));

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Read(reader => reader.Records(key, fromSequence));

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _thread.Dispose();
        Refuse();
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
        try
        {
            if (!_readers.TryTake(out var reader))
            {
                reader = new SqliteExecutionReader(_path);
            }

            var found = read(reader);
            _readers.Add(reader);
            return found;
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(_path);
        }
    }

    private void CommitPending()
    {
        while (true)
        {
            while (_group.Count < GroupMax && _pending.TryDequeue(out var next))
            {
                _group.Add(next);
            }

            if (_group.Count == 0)
            {
                Interlocked.Exchange(ref _scheduled, 0);
                if (_pending.IsEmpty || Interlocked.Exchange(ref _scheduled, 1) != 0)
                {
                    return;
                }

                continue;
            }

            var failure = CommitGroup();
            foreach (var each in _group)
            {
                each.Done(failure);
            }

            _group.Clear();
        }
    }

    private JournalStoreException? CommitGroup()
    {
        if (_broken is { } broken)
        {
            return Closed(broken);
        }

        try
        {
            _statements.Begin();
            foreach (var each in _group)
            {
                _statements.Write(each.Change);
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
                _broken = failure;
            }

            return failure;
        }
    }

    private void Refuse()
    {
        while (_pending.TryDequeue(out var each))
        {
            each.Done(Closed(_broken));
        }
    }

    private JournalStoreException Closed(JournalStoreException? why) => new(
        JournalStoreFailure.Closed,
        why is null ? $"{_path} is closed" : $"{_path} failed before and must be opened again: {why.Message}",
        why);
}
