using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Executions;
using Npgsql;

namespace Analemma.Storage.Postgres;

/// <summary>
/// Executions of workflows on a PostgreSQL server, owned by one kernel (<see cref="PostgresOwner"/>). One thread
/// writes: what waits when it begins goes into one transaction, in one round trip. When the server cannot be reached,
/// what is under way is kept and committed once it is back, exactly once; what would begin is refused meanwhile.
/// </summary>
public sealed class PostgresExecutionStore : IExecutionStore
{
    private const int ReadersMax = 8;

    private static readonly TimeSpan BackoffMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BackoffMax = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource _readers;
    private readonly NpgsqlDataSource _writers;
    private readonly PostgresOwner _owner;
    private readonly PostgresChanges _changes = new();
    private readonly CommitQueue _queue;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly long _commitsBefore;
    private long _commits;
    private volatile JournalStoreException? _broken;
    private volatile JournalStoreException? _gone;
    private volatile bool _disposed;

    private PostgresExecutionStore(NpgsqlConnectionStringBuilder where, TimeProvider time)
    {
        Name = NameOf(where);
        _readers = NpgsqlDataSource.Create(Pooled(where));
        _writers = NpgsqlDataSource.Create(Single(where));
        _owner = new PostgresOwner(_writers, Name);
        try
        {
            _owner.Take();
            _commitsBefore = _owner.Commits;
            LastKey = PostgresExecutionReader.LastKey(_readers.CreateCommand);
        }
        catch
        {
            _owner.Dispose();
            _writers.Dispose();
            _readers.Dispose();
            throw;
        }

        _queue = new CommitQueue("workflows", CommitGroup, time);
    }

    public string Name { get; }

    public long Commits => Interlocked.Read(ref _commits);

    public long LastKey { get; }

    public bool IsLent => _queue.IsLent;

    public ExecutionStoreHealth Health => new(_broken ?? _gone, _queue.Waiting, _queue.OldestWait);

    /// <summary>Makes the tables if there are none; the database must exist.</summary>
    /// <param name="connection">
    /// As Npgsql reads it: https://www.npgsql.org/doc/connection-string-parameters.html. Never told to anybody.
    /// </param>
    /// <param name="time">For how long changes wait.</param>
    /// <exception cref="JournalStoreException">It cannot be read or reached, or is in use.</exception>
    public static PostgresExecutionStore Open(string connection, TimeProvider? time = null)
    {
        var where = Parse(connection);
        try
        {
            return new PostgresExecutionStore(where, time ?? TimeProvider.System);
        }
        catch (Exception error) when (PostgresErrors.IsOfServer(error))
        {
            throw PostgresErrors.ToStoreException(error, NameOf(where));
        }
    }

    public void Ready()
    {
        // The server sees to its log by itself.
    }

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done) => _queue.Write(change, done);

    public IReadOnlyList<StoredDocument> Documents(string kind) =>
        Read(() => PostgresExecutionReader.Documents(_readers.CreateCommand, kind));

    public StoredExecution? Find(string arn) => Read(() => PostgresExecutionReader.Find(_readers.CreateCommand, arn));

    public StoredExecution? Find(long key) => Read(() => PostgresExecutionReader.Find(_readers.CreateCommand, key));

    public IReadOnlyList<StoredExecution> Open() => Read(() => PostgresExecutionReader.Open(_readers.CreateCommand));

    public IReadOnlyList<StoredExecution> List(ExecutionQuery query) =>
        Read(() => PostgresExecutionReader.List(_readers.CreateCommand, query));

    public IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1) =>
        Read(() => PostgresExecutionReader.Records(_readers.CreateCommand, key, fromSequence));

    public IReadOnlyList<JournalRecord> Page(long key, long fromSequence, int max) =>
        Read(() => PostgresExecutionReader.Records(_readers.CreateCommand, key, fromSequence, max));

    public Checkpoint? Checkpoint(long key) =>
        Read(() => PostgresExecutionReader.Checkpoint(_readers.CreateCommand, key));

    public IReadOnlyList<long> EndedBefore(long ticks, int max) =>
        Read(() => PostgresExecutionReader.EndedBefore(_readers.CreateCommand, ticks, max));

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _stopping.Set();
        _queue.Dispose();
        _owner.Dispose();
        _writers.Dispose();
        _readers.Dispose();
        _stopping.Dispose();
    }

    /// <exception cref="JournalStoreException">It cannot be read.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection);
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Its words may hold the password, and so does the inner exception.
            throw new JournalStoreException(
                JournalStoreFailure.NotAJournal,
                "the connection string of workflows cannot be read; it has the form 'Host=…;Database=…;Username=…'");
        }
    }

    internal static string NameOf(NpgsqlConnectionStringBuilder where) =>
        $"postgres {where.Host}/{where.Database ?? where.Username}";

    private static NpgsqlConnectionStringBuilder Pooled(NpgsqlConnectionStringBuilder where) => new(
        where.ConnectionString)
    {
        ApplicationName = "analemma",
        Pooling = true,
        MaxPoolSize = ReadersMax,
        MaxAutoPrepare = 20,
        AutoPrepareMinUsages = 2,
    };

    /// <summary>A lock of a session that a pool keeps would outlive its owner.</summary>
    private static NpgsqlConnectionStringBuilder Single(NpgsqlConnectionStringBuilder where) => new(
        where.ConnectionString)
    {
        ApplicationName = "analemma owner",
        Pooling = false,
        TcpKeepAlive = true,
        MaxAutoPrepare = 40,
        AutoPrepareMinUsages = 2,
    };

    private T Read<T>(Func<T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (var isAgain = false; ; isAgain = true)
        {
            try
            {
                return read();
            }
            catch (Exception error) when (PostgresErrors.IsOfServer(error))
            {
                var failure = PostgresErrors.ToStoreException(error, Name);
                // The pool cannot know that a session of it has ended since; a new one may do.
                if (isAgain || failure.Failure is not JournalStoreFailure.Gone)
                {
                    throw failure;
                }
            }
        }
    }

    private JournalStoreException? CommitGroup(IReadOnlyList<PendingChange> group)
    {
        if (_broken is { } broken)
        {
            return Closed(broken);
        }

        _changes.Clear();
        for (var i = 0; i < group.Count; i++)
        {
            _changes.Add(group[i].Change);
        }

        var backoff = BackoffMin;
        while (true)
        {
            var failure = TryCommit();
            if (failure?.Failure is not JournalStoreFailure.Gone)
            {
                return failure;
            }

            _owner.Lose();
            _queue.RefuseWork(failure);
            _gone = failure;
            if (_stopping.Wait(backoff))
            {
                return failure;
            }

            backoff = backoff * 2 > BackoffMax ? BackoffMax : backoff * 2;
        }
    }

    /// <summary>Null when the group is committed, now or before its session was lost.</summary>
    private JournalStoreException? TryCommit()
    {
        try
        {
            var wentThrough = !_owner.IsConnected && _owner.Return();
            if (!wentThrough)
            {
                _owner.Commit(_changes.Fill);
            }

            Interlocked.Exchange(ref _commits, _owner.Commits - _commitsBefore);
            if (_gone is not null)
            {
                _gone = null;
                _queue.TakeWork();
            }

            return null;
        }
        catch (JournalStoreException failure)
        {
            return Failed(failure);
        }
        catch (Exception error) when (PostgresErrors.IsOfServer(error))
        {
            return Failed(PostgresErrors.ToStoreException(error, Name));
        }
        catch (Exception over) when (over is InvalidOperationException or NullReferenceException && !_owner.IsConnected)
        {
            // The session broke under the driver, which then says that it is closed, disposed of, or falls over itself.
            return Failed(PostgresErrors.ToStoreException(over, Name));
        }
        catch (Exception unforeseen)
        {
            // Not of the server: a mistake of ours, which is to end neither this thread nor the process.
            return Failed(new JournalStoreException(
                JournalStoreFailure.Io, $"{Name}: {unforeseen.GetType().Name}: {unforeseen.Message}", unforeseen));
        }
    }

    private JournalStoreException Failed(JournalStoreException failure)
    {
        switch (failure.Failure)
        {
            case JournalStoreFailure.Full:
                // Rolled back as a whole, and the session lives.
                return failure;
            case JournalStoreFailure.Gone or JournalStoreFailure.InUse:
                // In use by the session that was lost, or by a kernel that is about to take the store: look again.
                return new JournalStoreException(JournalStoreFailure.Gone, failure.Message, failure);
            default:
                _owner.Lose();
                _broken = failure;
                _queue.RefuseWork(Closed(failure));
                return failure;
        }
    }

    private JournalStoreException Closed(JournalStoreException why) => new(
        why.Failure is JournalStoreFailure.Fenced ? why.Failure : JournalStoreFailure.Closed,
        $"{Name} failed before and must be opened again: {why.Message}",
        why);
}
