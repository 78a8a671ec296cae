using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// The journal in one SQLite file, owned by one kernel. All writing is done by one thread with one connection and
/// prepared statements, one transaction a batch. A failure that leaves it open whether a commit took place closes the
/// store for writing: what is on disk is found out by opening it again.
/// </summary>
public sealed class SqliteJournalStore : IJournalStore
{
    private readonly string _path;
    private readonly JournalFileLock _lock;
    private readonly SqliteConnection _connection;
    private readonly SqliteJournalStatements _statements;
    private readonly StorageThread _thread;
    private readonly AuditKeeping _audit;
    private volatile Note _anchor;
    private volatile Note _last;
    private volatile JournalStoreException? _broken;
    private long _commits;
    private bool _disposed;

    private sealed record Note(JournalPosition Position);

    private SqliteJournalStore(string path, long bytesMax, AuditKeeping audit, JournalFileLock fileLock)
    {
        _path = path;
        _audit = audit;
        _lock = fileLock;
        _connection = SqliteJournalSchema.Database.OpenForWriting(path, bytesMax);
        try
        {
            _statements = new SqliteJournalStatements(_connection);
            (var anchor, var last) = _statements.ReadChain();
            (_anchor, _last) = (new Note(anchor), new Note(last));
        }
        catch
        {
            _connection.Dispose();
            throw;
        }

        _thread = new StorageThread("journal");
    }

    public JournalPosition Anchor => _anchor.Position;

    public JournalPosition Last => _last.Position;

    public bool TailCanTear => false;

    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>
    /// Loads the database library, so that <see cref="Open"/> need not: it takes longer than the opening itself, most
    /// of it in SqliteConnection's type initializer, which looks for platforms that are not here.
    /// </summary>
    public static void WarmUp()
    {
        using var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        command.ExecuteScalar();
        HashChain.Next(JournalPosition.Beginning, new JournalEntry("none", default, 0));
    }

    /// <summary>
    /// Creates the file if there is none, mode 0600; its directory must exist. A journal that has grown to
    /// <paramref name="bytesMax"/> is full, as if the disk were. What <paramref name="audit"/> names outlives pruning.
    /// </summary>
    public static SqliteJournalStore Open(string path, long bytesMax = long.MaxValue, AuditKeeping? audit = null)
    {
        var fileLock = JournalFileLock.Take(path);
        try
        {
            return new SqliteJournalStore(path, bytesMax, audit ?? AuditKeeping.Nothing, fileLock);
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

    /// <summary>
    /// Makes commits faster from soon on: the log gets its length now and not commit by commit. Returns at once; a
    /// commit that arrives meanwhile waits some milliseconds.
    /// </summary>
    public void GrowLog() => _thread.TryPost(() =>
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
            _broken = error.ToStoreException(_path);
        }
        catch (IOException)
        {
            // Not flushed now: with the next commit.
        }
    });

    public IEnumerable<JournalRecord> Read(long fromSequence)
    {
        using var reader = SqliteJournalReader.Open(_path);
        foreach (var record in reader.Read(fromSequence))
        {
            yield return record;
        }
    }

    public Checkpoint? ReadCheckpoint()
    {
        using var reader = SqliteJournalReader.Open(_path);
        return reader.ReadCheckpoint();
    }

    public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
    {
        if (!_thread.TryPost(() => done(Transact(() => Insert(batch)))))
        {
            done(Closed());
        }
    }

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        PostAsync(() =>
        {
            _statements.WriteCheckpoint(checkpoint, HashChain.DigestOf(checkpoint));
            return 0;
        }, cancellationToken);

    public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) =>
        PostAsync(() =>
        {
            var anchor = Anchor;
            var through = Math.Min(throughSequence, anchor.Sequence + JournalLimits.PruneRecordsMax);
            through = Math.Min(through, _statements.CheckpointSequence());
            if (through <= anchor.Sequence)
            {
                return 0;
            }

            var moved = _statements.Prune(anchor, through, _audit);
            _anchor = new Note(moved);
            return (int)(moved.Sequence - anchor.Sequence);
        }, cancellationToken);

    public void DropTail(long fromSequence) =>
        throw new NotSupportedException("the tail of this store cannot tear: a transaction is whole or absent");

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _thread.Dispose();
        _statements.Dispose();
        _connection.Dispose();
        _lock.Dispose();
    }

    private void Insert(IReadOnlyList<JournalRecord> batch)
    {
        if (batch[0].Sequence != Last.Sequence + 1)
        {
            throw new InvalidOperationException($"record {batch[0].Sequence} does not follow {Last.Sequence}");
        }

        for (var i = 0; i < batch.Count; i++)
        {
            _statements.Insert(batch[i]);
        }

        _statements.NoteLast(batch[^1].Position);
        _statements.Commit();
        _last = new Note(batch[^1].Position);
        Interlocked.Increment(ref _commits);
    }

    private JournalStoreException? Transact(Action work)
    {
        if (_broken is not null)
        {
            return Closed();
        }

        try
        {
            _statements.Begin();
            work();
            return null;
        }
        catch (SqliteException error)
        {
            return RolledBack(error.ToStoreException(_path));
        }
        catch (JournalStoreException error)
        {
            return RolledBack(error);
        }
    }

    private JournalStoreException RolledBack(JournalStoreException failure)
    {
        if (!_statements.TryRollback() || !failure.StoreIsUsable)
        {
            _broken = failure;
        }

        return failure;
    }

    private Task<int> PostAsync(Func<int> work, CancellationToken cancellationToken)
    {
        var source = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = _thread.TryPost(() =>
        {
            if (cancellationToken.IsCancellationRequested)
            {
                source.SetCanceled(cancellationToken);
                return;
            }

            var result = 0;
            var failure = Transact(() =>
            {
                result = work();
                _statements.Commit();
            });
            if (failure is null)
            {
                source.SetResult(result);
            }
            else
            {
                source.SetException(failure);
            }
        });
        return posted ? source.Task : Task.FromException<int>(Closed());
    }

    private JournalStoreException Closed() => new(
        JournalStoreFailure.Closed,
        _broken is null ? $"{_path} is closed" : $"{_path} failed before and must be opened again: {_broken.Message}",
        _broken);
}
