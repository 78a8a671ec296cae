using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>The prepared statements of the writing connection. Used by one thread at a time.</summary>
internal sealed class SqliteExecutionStatements(SqliteConnection connection) : IDisposable
{
    private readonly SqliteCommand _begin = Command(connection, "BEGIN IMMEDIATE");
    private readonly SqliteCommand _commit = Command(connection, "COMMIT");
    private readonly SqliteCommand _put = Command(connection, "INSERT OR REPLACE INTO document VALUES ($1, $2, $3)", 3);
    private readonly SqliteCommand _drop = Command(connection, "DELETE FROM document WHERE kind = $1 AND key = $2", 2);
    private readonly SqliteCommand _start = Command(
        connection,
        """
        INSERT INTO execution (key, arn, machine, run, status, started, ended, head, tail, sequence, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, zeroblob(32))
        """,
        9);

    private readonly SqliteCommand _record = Command(connection, "INSERT INTO record VALUES ($1, $2, $3, $4, $5)", 5);
    private readonly SqliteCommand _last = Command(
        connection, "UPDATE execution SET sequence = $2, hash = $3, waits = $4 WHERE key = $1", 4);

    private readonly SqliteCommand _stand = Command(
        connection, "UPDATE execution SET status = $2, ended = $3, tail = $4 WHERE key = $1", 4);

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    /// <summary>False if a transaction may still be open.</summary>
    public bool TryRollback()
    {
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                using var rollback = Command(connection, "ROLLBACK");
                rollback.ExecuteNonQuery();
            }

            return SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) != 0;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    public void Write(ExecutionStoreChange change)
    {
        foreach (var document in change.Documents)
        {
            Put(document);
        }

        if (change.Begins is { } begins)
        {
            Start(begins);
        }

        foreach (var record in change.Records)
        {
            if (record.Sequence >= SqliteExecutionSchema.SequenceMax)
            {
                More(change.Key, record);
                continue;
            }

            Set(_record, 0, IdOf(change.Key, record.Sequence));
            Set(_record, 1, record.Ticks);
            Set(_record, 2, record.Type);
            Set(_record, 3, record.Hash.ToArray());
            Set(_record, 4, record.Body.ToArray());
            _record.ExecuteNonQuery();
        }

        if (change.Records.Count > 0)
        {
            Set(_last, 0, change.Key);
            Set(_last, 1, change.Records[^1].Sequence);
            Set(_last, 2, change.Records[^1].Hash.ToArray());
            Set(_last, 3, change.Waits);
            _last.ExecuteNonQuery();
        }

        if (change.Standing is { } standing)
        {
            Set(_stand, 0, change.Key);
            Set(_stand, 1, standing.Status);
            Set(_stand, 2, standing.EndedTicks);
            Set(_stand, 3, standing.Tail);
            _stand.ExecuteNonQuery();
        }

        if (change.Checkpoint is { } checkpoint)
        {
            Keep(change.Key, checkpoint);
        }

        if (change.Prune > 0)
        {
            Prune(change.Key, change.Prune);
        }

        foreach (var key in change.Forget)
        {
            Forget(key);
        }
    }

    /// <summary>Where a record stands in the one tree of all.</summary>
    public static long IdOf(long key, long sequence) => (key << SqliteExecutionSchema.SequenceBits) + sequence;

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_begin, _commit, _put, _drop, _start, _record, _last, _stand])
        {
            command.Dispose();
        }
    }

    internal static SqliteCommand Command(SqliteConnection connection, string sql, int parameters = 0)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }

    internal static void Set(SqliteCommand command, int parameter, object? value) =>
        command.Parameters[parameter].Value = value ?? DBNull.Value;

    private void Put(StoredDocument document)
    {
        var command = document.Body is null ? _drop : _put;
        Set(command, 0, document.Kind);
        Set(command, 1, document.Key);
        if (document.Body is { } body)
        {
            Set(command, 2, body);
        }

        command.ExecuteNonQuery();
    }

    private void Start(StoredExecution begins)
    {
        Set(_start, 0, begins.Key);
        Set(_start, 1, begins.Arn);
        Set(_start, 2, begins.Machine);
        Set(_start, 3, begins.Run);
        Set(_start, 4, begins.Standing.Status);
        Set(_start, 5, begins.StartedTicks);
        Set(_start, 6, begins.Standing.EndedTicks);
        Set(_start, 7, begins.Head);
        Set(_start, 8, begins.Standing.Tail);
        _start.ExecuteNonQuery();
    }

    private void Keep(long key, Checkpoint checkpoint)
    {
        using var keep = Command(connection, "INSERT OR REPLACE INTO checkpoint VALUES ($1, $2, $3, $4, $5, $6)", 6);
        Set(keep, 0, key);
        Set(keep, 1, checkpoint.Position.Sequence);
        Set(keep, 2, checkpoint.Position.Hash.ToArray());
        Set(keep, 3, checkpoint.FormatVersion);
        Set(keep, 4, HashChain.DigestOf(checkpoint).ToArray());
        Set(keep, 5, checkpoint.State.ToArray());
        keep.ExecuteNonQuery();
    }

    private void More(long key, JournalRecord record)
    {
        using var more = Command(connection, "INSERT INTO record_more VALUES ($1, $2, $3, $4, $5, $6)", 6);
        Set(more, 0, key);
        Set(more, 1, record.Sequence);
        Set(more, 2, record.Ticks);
        Set(more, 3, record.Type);
        Set(more, 4, record.Hash.ToArray());
        Set(more, 5, record.Body.ToArray());
        more.ExecuteNonQuery();
    }

    private void Prune(long key, long before)
    {
        using var records = Command(connection, "DELETE FROM record WHERE id BETWEEN $1 AND $2", 2);
        Set(records, 0, IdOf(key, 0));
        Set(records, 1, IdOf(key, Math.Min(before, SqliteExecutionSchema.SequenceMax)) - 1);
        records.ExecuteNonQuery();
        using var more = Command(connection, "DELETE FROM record_more WHERE key = $1 AND sequence < $2", 2);
        Set(more, 0, key);
        Set(more, 1, before);
        more.ExecuteNonQuery();
    }

    private void Forget(long key)
    {
        Prune(key, long.MaxValue);
        using var checkpoint = Command(connection, "DELETE FROM checkpoint WHERE key = $1", 1);
        Set(checkpoint, 0, key);
        checkpoint.ExecuteNonQuery();
        using var row = Command(connection, "DELETE FROM execution WHERE key = $1", 1);
        Set(row, 0, key);
        row.ExecuteNonQuery();
    }
}
