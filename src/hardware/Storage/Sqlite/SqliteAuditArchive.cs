using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Moves records of the audit log out of the way of pruning, within the transaction that prunes. What was damaged in
/// the journal is moved as it is, so that whoever checks the archive finds it.
/// </summary>
internal sealed class SqliteAuditArchive(SqliteConnection connection, AuditKeeping keeping)
{
    /// <summary>What one transaction drops at most; the rest of it goes with the next.</summary>
    private const int DroppedMax = 10 * JournalLimits.PruneRecordsMax;

    /// <summary>Archives what is of the audit log among the records through a sequence, which go then.</summary>
    /// <returns>The position of the last of the records.</returns>
    public JournalPosition TakeOver(JournalPosition anchor, long through)
    {
        var note = ReadNote();
        var last = note.Last;
        var bytes = note.Bytes;
        var position = anchor;
        using (var insert = Command("INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7)", 7))
        {
            using var read = Command(
                "SELECT sequence, hash, ticks, type, body FROM record WHERE sequence <= $1 ORDER BY sequence", through);
            using var rows = read.ExecuteReader();
            while (rows.Read())
            {
                var sequence = rows.GetInt64(0);
                var hash = Hash(rows.GetValue(1), sequence);
                if (rows.GetValue(3) is string type && keeping.Has(type))
                {
                    last = new JournalPosition(sequence, AuditChain.Next(last.Hash, hash));
                    var body = rows.GetValue(4);
                    bytes += AuditKeeping.BytesOf(body is byte[] held ? held.Length : 0);
                    Run(insert, sequence, rows.GetValue(2), type, position.Hash.ToArray(), hash.ToArray(),
                        last.Hash.ToArray(), body);
                }

                position = new JournalPosition(sequence, hash);
            }
        }

        WriteNote(DropOld(note with { Last = last, Through = position, Bytes = bytes }));
        return position.Sequence == through ? position : throw Unreadable(through);
    }

    private AuditArchiveNote DropOld(AuditArchiveNote note)
    {
        var before = keeping.DroppedBefore();
        var (anchor, bytes) = (note.Anchor, note.Bytes);
        using (var read = Command(
            "SELECT sequence, link, ticks, length(body) FROM audit ORDER BY sequence LIMIT $1", (long)DroppedMax))
        {
            using var rows = read.ExecuteReader();
            while (rows.Read() && (bytes > keeping.BytesMax || rows.GetInt64(2) < before))
            {
                anchor = new JournalPosition(rows.GetInt64(0), Hash(rows.GetValue(1), rows.GetInt64(0)));
                bytes -= AuditKeeping.BytesOf(rows.GetInt64(3));
            }
        }

        if (anchor != note.Anchor)
        {
            using var delete = Command("DELETE FROM audit WHERE sequence <= $1", anchor.Sequence);
            delete.ExecuteNonQuery();
        }

        return note with { Anchor = anchor, Bytes = bytes };
    }

    private AuditArchiveNote ReadNote()
    {
        using var read = Command(
            "SELECT anchor_sequence, anchor_link, last_sequence, last_link, through_sequence, through_hash, bytes"
            + " FROM audit_note WHERE id = 1");
        using var rows = read.ExecuteReader();
        return rows.Read()
            ? new AuditArchiveNote(
                new(rows.GetInt64(0), Hash(rows.GetValue(1), 0)),
                new(rows.GetInt64(2), Hash(rows.GetValue(3), 0)),
                new(rows.GetInt64(4), Hash(rows.GetValue(5), 0)),
                rows.GetInt64(6))
            : throw new JournalStoreException(JournalStoreFailure.Damaged, "the note of the audit archive is gone");
    }

    private void WriteNote(AuditArchiveNote note)
    {
        using var write = Command("INSERT OR REPLACE INTO audit_note VALUES (1, $1, $2, $3, $4, $5, $6, $7)", 7);
        Run(write, note.Anchor.Sequence, note.Anchor.Hash.ToArray(), note.Last.Sequence, note.Last.Hash.ToArray(),
            note.Through.Sequence, note.Through.Hash.ToArray(), note.Bytes);
    }

    private static ChainHash Hash(object value, long sequence) =>
        value is byte[] bytes && ChainHash.TryRead(bytes, out var hash) ? hash : throw Unreadable(sequence);

    private static JournalStoreException Unreadable(long sequence) => new(
        JournalStoreFailure.Damaged,
        $"record {sequence}, which the anchor would move to or past, cannot be read");

    private static void Run(SqliteCommand command, params object[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, int parameters = 0)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }

    private SqliteCommand Command(string sql, long parameter)
    {
        var command = Command(sql, 1);
        command.Parameters[0].Value = parameter;
        return command;
    }
}
