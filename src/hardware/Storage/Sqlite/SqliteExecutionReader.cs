using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>One reading connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteExecutionReader : IDisposable
{
    private const string Own = "e.key, arn, machine, run, status, started, ended, head, tail";

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _records;
    private readonly SqliteCommand? _more;
    private readonly SqliteEntryReader? _entries;
    private readonly string _rows;
    private readonly string _from;
    private readonly string _waits;

    public SqliteExecutionReader(string path)
    {
        _connection = SqliteExecutionSchema.Database.OpenForReading(path);
        // A file of an earlier version, to look at, lacks what came later.
        var (hasLast, waits) = (Has("last"), HasWaits() ? "e.waits" : "NULL");
        _rows = hasLast
            ? $"SELECT {Own}, coalesce(l.sequence, e.sequence), coalesce(l.hash, e.hash)"
            : $"SELECT {Own}, e.sequence, e.hash";
        _waits = hasLast ? $", CASE WHEN l.key IS NULL THEN {waits} ELSE l.waits END" : $", {waits}";
        _from = hasLast ? " FROM execution e LEFT JOIN last l ON l.key = e.key" : " FROM execution e";
        _find = SqliteExecutionStatements.Command(_connection, $"{_rows}{_from} WHERE arn = $1", 1);
        _records = SqliteExecutionStatements.Command(
            _connection,
            "SELECT id, ticks, type, hash, body FROM record WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3",
            3);
        _more = Has("record_more") ? SqliteExecutionStatements.Command(
            _connection,
            "SELECT sequence, ticks, type, hash, body FROM record_more WHERE key = $1 AND sequence >= $2 "
                + "ORDER BY sequence LIMIT $3",
            3) : null;
        _entries = Has("entry") ? new SqliteEntryReader(_connection) : null;
    }


    /// <summary>From now on all is as it is now.</summary>
    public void Hold() => SqliteDatabase.Execute(_connection, "BEGIN");

    public List<StoredDocument> Documents(string kind)
    {
        using var select = SqliteExecutionStatements.Command(
            _connection, "SELECT key, body FROM document WHERE kind = $1 ORDER BY key", 1);
        SqliteExecutionStatements.Set(select, 0, kind);
        using var rows = select.ExecuteReader();
        List<StoredDocument> found = [];
        while (rows.Read())
        {
            found.Add(new StoredDocument(kind, rows.GetString(0), (byte[])rows.GetValue(1)));
        }

        return found;
    }

    public StoredExecution? Find(string arn)
    {
        SqliteExecutionStatements.Set(_find, 0, arn);
        using var rows = _find.ExecuteReader();
        return rows.Read() ? Row(rows) : null;
    }

    public StoredExecution? Find(long key)
    {
        using var select = SqliteExecutionStatements.Command(
            _connection, $"{_rows}{_from} WHERE e.key = $1", 1);
        SqliteExecutionStatements.Set(select, 0, key);
        return All(select).FirstOrDefault();
    }

    public List<StoredExecution> Open()
    {
        using var select = SqliteExecutionStatements.Command(
            _connection,
            $"{_rows}{_waits}{_from} WHERE status = 0 ORDER BY e.key");
        return All(select);
    }

    public List<StoredExecution> List(ExecutionQuery query)
    {
        List<string> wanted = ["e.key < $1"];
        List<object> values = [query.BeforeKey];
        void Want(string column, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                wanted.Add($"{column} = ${values.Count}");
            }
        }

        Want("machine", query.Machine);
        Want("run", query.Run);
        Want("status", query.Status);
        values.Add(query.Max);
        var sql = $"{_rows}{_from} WHERE {string.Join(" AND ", wanted)} ORDER BY e.key DESC LIMIT ${values.Count}";
        using var select = SqliteExecutionStatements.Command(_connection, sql, values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            SqliteExecutionStatements.Set(select, i, values[i]);
        }

        return All(select);
    }

    public List<JournalRecord> Records(long key, long from, int max = int.MaxValue)
    {
        List<JournalRecord> found = [];
        if (from < SqliteExecutionSchema.SequenceMax)
        {
            SqliteExecutionStatements.Set(_records, 0, SqliteExecutionStatements.IdOf(key, from));
            SqliteExecutionStatements.Set(_records, 1, SqliteExecutionStatements.IdOf(key + 1, 0) - 1);
            SqliteExecutionStatements.Set(_records, 2, max);
            Read(_records, SqliteExecutionStatements.IdOf(key, 0), found);
        }

        // Where earlier kernels have put them comes before; what goes on there goes on in the next.
        if (_more is not null && found.Count < max)
        {
            SqliteExecutionStatements.Set(_more, 0, key);
            SqliteExecutionStatements.Set(_more, 1, from);
            SqliteExecutionStatements.Set(_more, 2, max - found.Count);
            Read(_more, 0, found);
        }

        _entries?.Read(key, from, max, found);
        return found;
    }

    private bool Has(string table)
    {
        using var exists = SqliteExecutionStatements.Command(
            _connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1", 1);
        SqliteExecutionStatements.Set(exists, 0, table);
        return exists.ExecuteScalar() is not null;
    }

    private bool HasWaits()
    {
        using var exists = SqliteExecutionStatements.Command(
            _connection, "SELECT 1 FROM pragma_table_info('execution') WHERE name = 'waits'");
        return exists.ExecuteScalar() is not null;
    }

    private static void Read(SqliteCommand select, long zero, List<JournalRecord> found)
    {
        using var rows = select.ExecuteReader();
        while (rows.Read())
        {
            var sequence = rows.GetInt64(0) - zero;
            // A damaged page may hold any type, whatever the table says.
            if (rows.GetValue(1) is not long ticks
                || rows.GetValue(2) is not string type
                || rows.GetValue(3) is not byte[] bytes || !ChainHash.TryRead(bytes, out var hash)
                || rows.GetValue(4) is not byte[] body)
            {
                throw new JournalCorruptException(sequence, "row", "values of the columns' types", "others");
            }

            found.Add(new JournalRecord(sequence, ticks, type, body, hash));
        }
    }

    public Checkpoint? Checkpoint(long key)
    {
        using var select = SqliteExecutionStatements.Command(
            _connection, "SELECT sequence, hash, format_version, digest, state FROM checkpoint WHERE key = $1", 1);
        SqliteExecutionStatements.Set(select, 0, key);
        using var rows = select.ExecuteReader();
        if (!rows.Read())
        {
            return null;
        }

        // As of records: a damaged page may hold any type.
        return rows.GetValue(0) is long sequence && rows.GetValue(1) is byte[] hash
            && rows.GetValue(2) is long version && rows.GetValue(3) is byte[] digest && rows.GetValue(4) is byte[] state
                ? StoredCheckpoints.Check(sequence, hash, (int)version, digest, state)
                : throw new JournalCorruptException(0, "checkpoint row", "values of the columns' types", "others");
    }

    public List<long> EndedBefore(long ticks, int max)
    {
        using var select = SqliteExecutionStatements.Command(
            _connection, "SELECT key FROM execution WHERE ended < $1 ORDER BY ended, key LIMIT $2", 2);
        SqliteExecutionStatements.Set(select, 0, ticks);
        SqliteExecutionStatements.Set(select, 1, max);
        using var rows = select.ExecuteReader();
        List<long> found = [];
        while (rows.Read())
        {
            found.Add(rows.GetInt64(0));
        }

        return found;
    }

    public long LastKey()
    {
        using var select = SqliteExecutionStatements.Command(
            _connection, "SELECT coalesce(max(key), 0) FROM execution");
        return (long)select.ExecuteScalar()!;
    }

    public void Dispose()
    {
        _find.Dispose();
        _records.Dispose();
        _more?.Dispose();
        _entries?.Dispose();
        _connection.Dispose();
    }

    private static List<StoredExecution> All(SqliteCommand select)
    {
        using var rows = select.ExecuteReader();
        List<StoredExecution> found = [];
        while (rows.Read())
        {
            found.Add(Row(rows));
        }

        return found;
    }

    // A damaged page may hold any type, whatever the table says.
    private static StoredExecution Row(SqliteDataReader row)
    {
        if (row.GetValue(10) is not byte[] bytes || !ChainHash.TryRead(bytes, out var hash)
            || row.GetValue(1) is not string || row.GetValue(2) is not string
            || row.GetValue(3) is not (string or DBNull) || row.GetValue(7) is not byte[]
            || row.GetValue(8) is not (byte[] or DBNull)
            || row.GetValue(0) is not long || row.GetValue(4) is not long || row.GetValue(5) is not long
            || row.GetValue(6) is not (long or DBNull) || row.GetValue(9) is not long
            || (row.FieldCount > 11 && row.GetValue(11) is not (byte[] or DBNull)))
        {
            throw new JournalCorruptException(0, "row of an execution", "values of the columns' types", "others");
        }

        ExecutionStanding standing = new(
            row.GetInt32(4),
            row.IsDBNull(6) ? null : row.GetInt64(6),
            row.IsDBNull(8) ? null : (byte[])row.GetValue(8));
        return new StoredExecution(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(5), (byte[])row.GetValue(7), standing)
        {
            Run = row.IsDBNull(3) ? null : row.GetString(3),
            Last = new JournalPosition(row.GetInt64(9), hash),
            Waits = row.FieldCount > 11 && row.GetValue(11) is byte[] waits ? waits : null,
        };
    }
}
