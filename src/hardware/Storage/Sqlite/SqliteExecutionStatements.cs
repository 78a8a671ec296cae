using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>The prepared statements of the writing connection. Used by one thread at a time.</summary>
internal sealed class SqliteExecutionStatements : IDisposable
{
    /// <summary>How long whoever else has the file may take: a reader that recovers the log.</summary>
    private const int BusyMs = 5000;

    /// <summary>At every such sequence the numbers of an execution's records go from last to their place.</summary>
    private const int PlaceEvery = 32;

    private const int StackBytesMax = 512;

    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _put;
    private readonly SqliteStatement _drop;
    private readonly SqliteStatement _start;
    private readonly SqliteStatement _entry;
    private readonly SqliteStatement _last;
    private readonly SqliteStatement _place;
    private readonly SqliteStatement _placed;
    private readonly SqliteStatement _stand;
    private long _entries;

    public SqliteExecutionStatements(SqliteConnection connection)
    {
        _connection = connection;
        _ = SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, BusyMs);
        using (var count = Command(connection, "SELECT coalesce(max(n), 0) FROM entry"))
        {
            _entries = (long)count.ExecuteScalar()!;
        }

        _begin = new SqliteStatement(connection, "BEGIN IMMEDIATE");
        _commit = new SqliteStatement(connection, "COMMIT");
        _put = new SqliteStatement(connection, "INSERT OR REPLACE INTO document VALUES (?1, ?2, ?3)");
        _drop = new SqliteStatement(connection, "DELETE FROM document WHERE kind = ?1 AND key = ?2");
        // Its row names a record that cannot be: who finds no row in last is to miss one.
        _start = new SqliteStatement(
            connection,
            """
            INSERT INTO execution (key, arn, machine, run, status, started, ended, head, tail, sequence, hash)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, zeroblob(32))
            """);
        _entry = new SqliteStatement(connection, "INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        // Two blobs side by side are a text to SQLite, with the same bytes.
        _last = new SqliteStatement(
            connection,
            """
            INSERT INTO last VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key) DO UPDATE
            SET sequence = excluded.sequence, hash = excluded.hash, waits = excluded.waits,
                numbers = CAST(numbers || excluded.numbers AS BLOB)
            """);
        _place = new SqliteStatement(
            connection, "INSERT INTO place SELECT key, sequence, numbers FROM last WHERE key = ?1");
        _placed = new SqliteStatement(connection, "UPDATE last SET numbers = x'' WHERE key = ?1");
        _stand = new SqliteStatement(
            connection, "UPDATE execution SET status = ?2, ended = ?3, tail = ?4 WHERE key = ?1");
    }

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>False if a transaction may still be open.</summary>
    public bool TryRollback()
    {
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                using var rollback = Command(_connection, "ROLLBACK");
                rollback.ExecuteNonQuery();
            }

            return SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) != 0;
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

        if (change.Begins is not null || change.Records.Count > 0)
        {
            Add(change.Begins?.Key ?? change.Key, change.Records, change.Waits);
        }

        if (change.Standing is { } standing)
        {
            _stand.Set(1, change.Key).Set(2, standing.Status).Set(3, standing.EndedTicks).Set(4, standing.Tail).Run();
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

    /// <summary>Where a record stands in the one tree of all, where kernels before have put them.</summary>
    public static long IdOf(long key, long sequence) => (key << SqliteExecutionSchema.SequenceBits) + sequence;

    public void Dispose()
    {
        foreach (var statement in (SqliteStatement[])
            [_begin, _commit, _put, _drop, _start, _entry, _last, _place, _placed, _stand])
        {
            statement.Dispose();
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
        if (document.Body is { } body)
        {
            _put.Set(1, document.Kind).Set(2, document.Key).Set(3, body).Run();
        }
        else
        {
            _drop.Set(1, document.Kind).Set(2, document.Key).Run();
        }
    }

    private void Start(StoredExecution begins)
    {
        var standing = begins.Standing;
        _start.Set(1, begins.Key).Set(2, begins.Arn).Set(3, begins.Machine).Set(4, begins.Run);
        _start.Set(5, standing.Status).Set(6, begins.StartedTicks).Set(7, standing.EndedTicks);
        _start.Set(8, begins.Head).Set(9, standing.Tail).Run();
    }

    private void Add(long key, IReadOnlyList<JournalRecord> records, byte[]? waits)
    {
        var bytes = records.Count * EntryNumbers.Bytes;
        var numbers = bytes <= StackBytesMax ? stackalloc byte[bytes] : new byte[bytes];
        Span<byte> hash = stackalloc byte[ChainHash.Size];
        hash.Clear();
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            record.Hash.Write(hash);
            // Numbers of a transaction that was rolled back are left out.
            _entries++;
            _entry.Set(1, _entries).Set(2, key).Set(3, record.Sequence).Set(4, record.Ticks).Set(5, record.Type);
            _entry.Set(6, hash).Set(7, record.Body.Span).Run();
            EntryNumbers.Write(numbers, i, _entries);
        }

        var last = records.Count == 0 ? 0 : records[^1].Sequence;
        _last.Set(1, key).Set(2, last).Set(3, hash).Set(4, waits).Set(5, numbers).Run();
        if (last / PlaceEvery != (last - records.Count) / PlaceEvery)
        {
            _place.Set(1, key).Run();
            _placed.Set(1, key).Run();
        }
    }

    private void Keep(long key, Checkpoint checkpoint)
    {
        using var keep = Command(_connection, "INSERT OR REPLACE INTO checkpoint VALUES ($1, $2, $3, $4, $5, $6)", 6);
        Set(keep, 0, key);
        Set(keep, 1, checkpoint.Position.Sequence);
        Set(keep, 2, checkpoint.Position.Hash.ToArray());
        Set(keep, 3, checkpoint.FormatVersion);
        Set(keep, 4, HashChain.DigestOf(checkpoint).ToArray());
        Set(keep, 5, checkpoint.State.ToArray());
        keep.ExecuteNonQuery();
    }

    private void Prune(long key, long before)
    {
        foreach (var table in (string[])["place", "last"])
        {
            foreach (var (last, numbers) in NumbersOf(table, key, before))
            {
                var gone = (int)Math.Min(numbers.Length, before - (last - numbers.Length + 1));
                Prune(table, key, last, numbers, gone);
            }
        }

        using var places = Command(_connection, "DELETE FROM place WHERE key = $1 AND sequence < $2", 2);
        Set(places, 0, key);
        Set(places, 1, before);
        places.ExecuteNonQuery();
        PruneOld(key, before);
    }

    // The sequence of the last record of each row that begins before a sequence, and the numbers in it.
    private List<(long Last, long[] Numbers)> NumbersOf(string table, long key, long before)
    {
        using var select = Command(
            _connection,
            $"SELECT sequence, numbers FROM {table} WHERE key = $1 AND sequence - length(numbers) / 8 + 1 < $2",
            2);
        Set(select, 0, key);
        Set(select, 1, before);
        using var rows = select.ExecuteReader();
        List<(long Last, long[] Numbers)> found = [];
        while (rows.Read())
        {
            found.Add((rows.GetInt64(0), EntryNumbers.Read((byte[])rows.GetValue(1))));
        }

        return found;
    }

    private void Prune(string table, long key, long last, long[] numbers, int gone)
    {
        using var drop = Command(_connection, "DELETE FROM entry WHERE n = $1", 1);
        for (var i = 0; i < gone; i++)
        {
            Set(drop, 0, numbers[i]);
            drop.ExecuteNonQuery();
        }

        using var keep = Command(
            _connection, $"UPDATE {table} SET numbers = $3 WHERE key = $1 AND sequence = $2", 3);
        Set(keep, 0, key);
        Set(keep, 1, last);
        Set(keep, 2, EntryNumbers.Write(numbers.AsSpan(gone)));
        keep.ExecuteNonQuery();
    }

    // What kernels before have written.
    private void PruneOld(long key, long before)
    {
        using var records = Command(_connection, "DELETE FROM record WHERE id BETWEEN $1 AND $2", 2);
        Set(records, 0, IdOf(key, 0));
        Set(records, 1, IdOf(key, Math.Min(before, SqliteExecutionSchema.SequenceMax)) - 1);
        records.ExecuteNonQuery();
        using var more = Command(_connection, "DELETE FROM record_more WHERE key = $1 AND sequence < $2", 2);
        Set(more, 0, key);
        Set(more, 1, before);
        more.ExecuteNonQuery();
    }

    private void Forget(long key)
    {
        Prune(key, long.MaxValue);
        foreach (var table in (string[])["checkpoint", "last", "execution"])
        {
            using var row = Command(_connection, $"DELETE FROM {table} WHERE key = $1", 1);
            Set(row, 0, key);
            row.ExecuteNonQuery();
        }
    }
}
