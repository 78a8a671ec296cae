using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>The prepared statements of the writing connection. Used by one thread at a time.</summary>
internal sealed class SqliteJournalStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _noteLast;

    public SqliteJournalStatements(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _insert = Command("INSERT INTO record (sequence, ticks, type, hash, body) VALUES ($1, $2, $3, $4, $5)", 5);
        _noteLast = Command("UPDATE chain SET last_sequence = $1, last_hash = $2 WHERE id = 1", 2);
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    /// <summary>False if a transaction may still be open.</summary>
    public bool TryRollback()
    {
        try
        {
            // SQLite may have rolled back by itself, after which ROLLBACK says that there is nothing to roll back.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                using var rollback = Command("ROLLBACK");
                rollback.ExecuteNonQuery();
            }

            return SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) != 0;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    public void Insert(JournalRecord record)
    {
        Set(_insert, 0, record.Sequence);
        Set(_insert, 1, record.Ticks);
        Set(_insert, 2, record.Type);
        Set(_insert, 3, record.Hash.ToArray());
        Set(_insert, 4, record.Body.ToArray());
        _insert.ExecuteNonQuery();
    }

    public void NoteLast(JournalPosition last)
    {
        Set(_noteLast, 0, last.Sequence);
        Set(_noteLast, 1, last.Hash.ToArray());
        _noteLast.ExecuteNonQuery();
    }

    public void WriteCheckpoint(Checkpoint checkpoint, ChainHash digest)
    {
        using var write = Command("INSERT OR REPLACE INTO checkpoint VALUES (1, $1, $2, $3, $4, $5)", 5);
        Set(write, 0, checkpoint.Position.Sequence);
        Set(write, 1, checkpoint.Position.Hash.ToArray());
        Set(write, 2, checkpoint.FormatVersion);
        Set(write, 3, digest.ToArray());
        Set(write, 4, checkpoint.State.ToArray());
        write.ExecuteNonQuery();
    }

    public long CheckpointSequence()
    {
        using var read = Command("SELECT coalesce(max(sequence), 0) FROM checkpoint");
        return (long)read.ExecuteScalar()!;
    }

    /// <summary>
    /// Deletes the records through a sequence, those of the audit log once they are archived. Returns the new anchor.
    /// </summary>
    public JournalPosition Prune(JournalPosition anchor, long through, AuditKeeping keeping)
    {
        var archive = new SqliteAuditArchive(_connection, keeping);
        var moved = archive.TakeOver(anchor, through);
        using var delete = Command("DELETE FROM record WHERE sequence <= $1", 1);
        Set(delete, 0, through);
        delete.ExecuteNonQuery();
        using var move = Command("UPDATE chain SET anchor_sequence = $1, anchor_hash = $2 WHERE id = 1", 2);
        Set(move, 0, through);
        Set(move, 1, moved.Hash.ToArray());
        move.ExecuteNonQuery();
        return moved;
    }

    public (JournalPosition Anchor, JournalPosition Last) ReadChain()
    {
        using var read = Command("SELECT anchor_sequence, anchor_hash, last_sequence, last_hash FROM chain");
        using var rows = read.ExecuteReader();
        return rows.Read()
            && rows.GetValue(0) is long anchor && rows.GetValue(2) is long last
            && rows.GetValue(1) is byte[] anchorBytes && ChainHash.TryRead(anchorBytes, out var anchorHash)
            && rows.GetValue(3) is byte[] lastBytes && ChainHash.TryRead(lastBytes, out var lastHash)
                ? (new JournalPosition(anchor, anchorHash), new JournalPosition(last, lastHash))
                : throw new JournalCorruptException(0, "chain row", "two positions", "something else");
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _insert.Dispose();
        _noteLast.Dispose();
    }

    private static void Set(SqliteCommand command, int parameter, object value) =>
        command.Parameters[parameter].Value = value;

    private SqliteCommand Command(string sql, int parameters = 0)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }
}
