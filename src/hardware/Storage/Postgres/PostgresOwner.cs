using System.Data;
using Analemma.Journal;
using Npgsql;

namespace Analemma.Storage.Postgres;

/// <summary>
/// The writing session: owns the store while it lives, and comes back as the same owner after it was lost. Used by one
/// thread at a time.
/// </summary>
internal sealed class PostgresOwner(NpgsqlDataSource source, string name) : IDisposable
{
    /// <summary>How long the session of a kernel that was just killed may take to end.</summary>
    private const string TakeMax = "SET lock_timeout = '5s'";

    private const string Lock =
        "SELECT pg_advisory_lock(($1::bigint << 32) | 'workflow_store'::regclass::oid::bigint)";

    private NpgsqlConnection? _session;
    private long _epoch;
    private int _backend;

    /// <summary>Commits of the store, as of the last one of this owner.</summary>
    public long Commits { get; private set; }

    /// <summary>Whether a session is there that was not seen to fail.</summary>
    public bool IsConnected => _session is { State: ConnectionState.Open };

    /// <summary>Becomes the owner; who was it before can write no more.</summary>
    /// <exception cref="JournalStoreException">Somebody owns it, or it is of a newer Analemma.</exception>
    public void Take()
    {
        var session = source.OpenConnection();
        try
        {
            PostgresSchema.Migrate(session, name);
            TakeLock(session);
            using var take = new NpgsqlCommand(
                "UPDATE workflow_store SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch, commits", session);
            using (var row = take.ExecuteReader())
            {
                row.Read();
                (_epoch, Commits) = (row.GetInt64(0), row.GetInt64(1));
            }

            Keep(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Has a session again after <see cref="Lose"/>. True when the commit that was under way then did take place.
    /// </summary>
    /// <exception cref="JournalStoreException">Another kernel has taken the store.</exception>
    public bool Return()
    {
        var session = source.OpenConnection();
        try
        {
            CheckEpoch(session);
            EndLastSession(session);
            TakeLock(session);
            // Only now: until its end the last session could still have committed.
            var commits = CheckEpoch(session);
            Keep(session);
            var wentThrough = commits > Commits;
            Commits = commits;
            return wentThrough;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs a batch as one transaction, one round trip.</summary>
    public void Commit(Action<NpgsqlBatch> fill)
    {
        using var batch = _session!.CreateBatch();
        NpgsqlBatchCommand fence = new("SELECT workflow_fence($1, $2)");
        fence.Parameters.Add(new NpgsqlParameter<long> { TypedValue = _epoch });
        fence.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Commits + 1 });
        batch.BatchCommands.Add(fence);
        fill(batch);
        batch.ExecuteNonQuery();
        Commits++;
    }

    /// <summary>The session is not to be trusted any more.</summary>
    public void Lose()
    {
        _session?.Dispose();
        _session = null;
    }

    public void Dispose() => Lose();

    private static void TakeLock(NpgsqlConnection session)
    {
        using var patience = new NpgsqlCommand(TakeMax, session);
        patience.ExecuteNonQuery();
        using var take = new NpgsqlCommand(Lock, session);
        take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = PostgresSchema.LockClass });
        try
        {
            take.ExecuteNonQuery();
        }
        catch (PostgresException held) when (held.SqlState == PostgresErrors.LockNotAvailable)
        {
            throw new JournalStoreException(
                JournalStoreFailure.InUse, "the store of workflows is in use by another kernel", held);
        }
    }

    private long CheckEpoch(NpgsqlConnection session)
    {
        using var read = new NpgsqlCommand("SELECT epoch, commits FROM workflow_store WHERE id = 1", session);
        using var row = read.ExecuteReader();
        row.Read();
        return row.GetInt64(0) == _epoch
            ? row.GetInt64(1)
            : throw new JournalStoreException(
                JournalStoreFailure.Fenced, $"{name} was taken by another kernel while this one could not reach it");
    }

    /// <summary>A server that hung may still hold the lost session, and with it the lock.</summary>
    private void EndLastSession(NpgsqlConnection session)
    {
        using var end = new NpgsqlCommand(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND pid = $1 AND classid = $2 AND objid = 'workflow_store'::regclass::oid
            """,
            session);
        end.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _backend });
        end.Parameters.Add(new NpgsqlParameter
        {
            Value = (uint)PostgresSchema.LockClass,
            NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid,
        });
        end.ExecuteNonQuery();
    }

    private void Keep(NpgsqlConnection session)
    {
        Lose();
        (_session, _backend) = (session, session.ProcessID);
    }
}
