using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Executions;
using Npgsql;

namespace Analemma.Storage.Postgres;

/// <summary>Questions to the tables, by commands of whatever session.</summary>
internal static class PostgresExecutionReader
{
    private const string Columns = "key, arn, machine, run, status, started, ended, head, tail, sequence, hash";

    public static List<StoredDocument> Documents(Func<string, NpgsqlCommand> ask, string kind) => All(
        ask, "SELECT key, body FROM workflow_document WHERE kind = $1 ORDER BY key",
        row => new StoredDocument(kind, row.GetString(0), row.GetFieldValue<byte[]>(1)), kind);

    public static StoredExecution? Find(Func<string, NpgsqlCommand> ask, string arn) => All(
        ask, $"SELECT {Columns} FROM workflow_execution WHERE arn = $1", Execution, arn).FirstOrDefault();

    public static StoredExecution? Find(Func<string, NpgsqlCommand> ask, long key) => All(
        ask, $"SELECT {Columns} FROM workflow_execution WHERE key = $1", Execution, key).FirstOrDefault();

    public static List<StoredExecution> Open(Func<string, NpgsqlCommand> ask)
    {
        // A store of an earlier version, to look at, has no such column.
        var hasWaits = All(
            ask,
            "SELECT 1 FROM pg_attribute WHERE attrelid = 'workflow_execution'::regclass AND attname = 'waits' "
                + "AND NOT attisdropped",
            row => true).Count > 0;
        return All(
            ask,
            $"SELECT {Columns}, {(hasWaits ? "waits" : "NULL::bytea")} FROM workflow_execution WHERE status = 0 "
                + "ORDER BY key",
            Execution);
    }

    public static List<StoredExecution> List(Func<string, NpgsqlCommand> ask, ExecutionQuery query)
    {
        List<string> wanted = ["key < $1"];
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
        var sql = $"SELECT {Columns} FROM workflow_execution WHERE {string.Join(" AND ", wanted)} "
            + $"ORDER BY key DESC LIMIT ${values.Count}";
        return All(ask, sql, Execution, [.. values]);
    }

    public static List<JournalRecord> Records(
        Func<string, NpgsqlCommand> ask, long key, long from, int max = int.MaxValue) => All(
        ask,
        "SELECT sequence, ticks, type, hash, body FROM workflow_record WHERE execution = $1 AND sequence >= $2 "
            + "ORDER BY sequence LIMIT $3",
        row =>
        {
            var sequence = row.GetInt64(0);
            return ChainHash.TryRead(row.GetFieldValue<byte[]>(3), out var hash)
                ? new JournalRecord(sequence, row.GetInt64(1), row.GetString(2), row.GetFieldValue<byte[]>(4), hash)
                : throw new JournalCorruptException(sequence, "hash", "32 bytes", "another length");
        },
        key, from, max);

    public static Checkpoint? Checkpoint(Func<string, NpgsqlCommand> ask, long key) => All(
        ask, "SELECT sequence, hash, format_version, digest, state FROM workflow_checkpoint WHERE key = $1",
        row => StoredCheckpoints.Check(
            row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt32(2), row.GetFieldValue<byte[]>(3),
            row.GetFieldValue<byte[]>(4)),
        key).FirstOrDefault();

    public static List<long> EndedBefore(Func<string, NpgsqlCommand> ask, long ticks, int max) => All(
        ask, "SELECT key FROM workflow_execution WHERE ended < $1 ORDER BY ended, key LIMIT $2",
        row => row.GetInt64(0), ticks, max);

    public static long LastKey(Func<string, NpgsqlCommand> ask) => All(
        ask, "SELECT coalesce(max(key), 0) FROM workflow_execution", row => row.GetInt64(0))[0];

    private static List<T> All<T>(
        Func<string, NpgsqlCommand> ask, string sql, Func<NpgsqlDataReader, T> read, params ReadOnlySpan<object> values)
    {
        using var command = ask(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        using var rows = command.ExecuteReader();
        List<T> found = [];
        while (rows.Read())
        {
            found.Add(read(rows));
        }

        return found;
    }

    private static StoredExecution Execution(NpgsqlDataReader row)
    {
        ChainHash.TryRead(row.GetFieldValue<byte[]>(10), out var hash);
        ExecutionStanding standing = new(
            row.GetInt32(4),
            row.IsDBNull(6) ? null : row.GetInt64(6),
            row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8));
        return new StoredExecution(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(5), row.GetFieldValue<byte[]>(7),
            standing)
        {
            Run = row.IsDBNull(3) ? null : row.GetString(3),
            Last = new JournalPosition(row.GetInt64(9), hash),
            Waits = row.FieldCount > 11 && !row.IsDBNull(11) ? row.GetFieldValue<byte[]>(11) : null,
        };
    }
}
