using Analemma.Journal;
using Analemma.Journal.Executions;
using Npgsql;
using NpgsqlTypes;

namespace Analemma.Storage.Postgres;

/// <summary>
/// A group of changes as few statements: one for each table, with the rows as arrays. Filled and used by one thread.
/// </summary>
internal sealed class PostgresChanges
{
    private readonly Dictionary<(string Kind, string Key), byte[]?> _documents = [];
    private readonly List<StoredExecution> _begun = [];
    private readonly List<(long Key, JournalRecord Record)> _records = [];
    private readonly Dictionary<long, (JournalPosition Position, byte[]? Waits)> _last = [];
    private readonly Dictionary<long, ExecutionStanding> _standings = [];
    private readonly Dictionary<long, Checkpoint> _checkpoints = [];
    private readonly Dictionary<long, long> _pruned = [];
    private readonly List<long> _forgotten = [];

    public void Add(ExecutionStoreChange change)
    {
        foreach (var document in change.Documents)
        {
            _documents[(document.Kind, document.Key)] = document.Body;
        }

        if (change.Begins is { } begins)
        {
            _begun.Add(begins);
        }

        foreach (var record in change.Records)
        {
            _records.Add((change.Key, record));
            _last[change.Key] = (record.Position, change.Waits);
        }

        if (change.Standing is { } standing)
        {
            _standings[change.Key] = standing;
        }

        if (change.Checkpoint is { } checkpoint)
        {
            _checkpoints[change.Key] = checkpoint;
        }

        if (change.Prune > 0)
        {
            _pruned[change.Key] = Math.Max(change.Prune, _pruned.GetValueOrDefault(change.Key));
        }

        _forgotten.AddRange(change.Forget);
    }

    public void Clear()
    {
        _documents.Clear();
        _begun.Clear();
        _records.Clear();
        _last.Clear();
        _standings.Clear();
        _checkpoints.Clear();
        _pruned.Clear();
        _forgotten.Clear();
    }

    public void Fill(NpgsqlBatch batch)
    {
        PutDocuments(batch);
        Begin(batch);
        Append(batch);
        Stand(batch);
        KeepCheckpoints(batch);
        if (_pruned.Count > 0)
        {
            Add(batch,
                """
                DELETE FROM workflow_record USING unnest($1, $2) AS pruned(execution, before)
                WHERE workflow_record.execution = pruned.execution AND workflow_record.sequence < pruned.before
                """)
                .Longs(_pruned.Keys)
                .Longs(_pruned.Values);
        }

        if (_forgotten.Count > 0)
        {
            foreach (var (table, column) in (ReadOnlySpan<(string, string)>)
                [("workflow_record", "execution"), ("workflow_checkpoint", "key"), ("workflow_execution", "key")])
            {
                Add(batch, $"DELETE FROM {table} WHERE {column} = ANY($1)")
                    .Longs(_forgotten);
            }
        }
    }

    private void PutDocuments(NpgsqlBatch batch)
    {
        var put = _documents.Where(each => each.Value is not null).ToArray();
        var dropped = _documents.Where(each => each.Value is null).Select(each => each.Key).ToArray();
        if (put.Length > 0)
        {
            Add(batch,
                """
                INSERT INTO workflow_document SELECT * FROM unnest($1, $2, $3)
                ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
                """)
                .Texts(put.Select(each => each.Key.Kind))
                .Texts(put.Select(each => each.Key.Key))
                .Blobs(put.Select(each => each.Value));
        }

        if (dropped.Length > 0)
        {
            Add(batch,
                """
                DELETE FROM workflow_document USING unnest($1, $2) AS dropped(kind, key)
                WHERE workflow_document.kind = dropped.kind AND workflow_document.key = dropped.key
                """)
                .Texts(dropped.Select(each => each.Kind))
                .Texts(dropped.Select(each => each.Key));
        }
    }

    private void Begin(NpgsqlBatch batch)
    {
        if (_begun.Count > 0)
        {
            var nothing = new byte[ChainHash.Size];
            Add(batch,
                """
                INSERT INTO workflow_execution
                    (key, arn, machine, run, status, started, ended, head, tail, sequence, hash)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """)
                .Longs(_begun.Select(each => each.Key))
                .Texts(_begun.Select(each => each.Arn))
                .Texts(_begun.Select(each => each.Machine))
                .Texts(_begun.Select(each => each.Run))
                .Ints(_begun.Select(each => each.Standing.Status))
                .Longs(_begun.Select(each => each.StartedTicks))
                .LongsOrNone(_begun.Select(each => each.Standing.EndedTicks))
                .Blobs(_begun.Select(each => each.Head))
                .Blobs(_begun.Select(each => each.Standing.Tail))
                .Longs(_begun.Select(_ => 0L))
                .Blobs(_begun.Select(_ => nothing));
        }
    }

    private void Append(NpgsqlBatch batch)
    {
        if (_records.Count == 0)
        {
            return;
        }

        Add(batch, "INSERT INTO workflow_record SELECT * FROM unnest($1, $2, $3, $4, $5, $6)")
            .Longs(_records.Select(each => each.Key))
            .Longs(_records.Select(each => each.Record.Sequence))
            .Longs(_records.Select(each => each.Record.Ticks))
            .Texts(_records.Select(each => each.Record.Type))
            .Blobs(_records.Select(each => each.Record.Hash.ToArray()))
            .Blobs(_records.Select(each => each.Record.Body.ToArray()));
        Add(batch,
            """
            UPDATE workflow_execution SET sequence = last.sequence, hash = last.hash, waits = last.waits
            FROM unnest($1, $2, $3, $4) AS last(key, sequence, hash, waits) WHERE workflow_execution.key = last.key
            """)
            .Longs(_last.Keys)
            .Longs(_last.Values.Select(each => each.Position.Sequence))
            .Blobs(_last.Values.Select(each => each.Position.Hash.ToArray()))
            .Blobs(_last.Values.Select(each => each.Waits));
    }

    private void Stand(NpgsqlBatch batch)
    {
        if (_standings.Count > 0)
        {
            Add(batch,
                """
                UPDATE workflow_execution SET status = now.status, ended = now.ended, tail = now.tail
                FROM unnest($1, $2, $3, $4) AS now(key, status, ended, tail) WHERE workflow_execution.key = now.key
                """)
                .Longs(_standings.Keys)
                .Ints(_standings.Values.Select(each => each.Status))
                .LongsOrNone(_standings.Values.Select(each => each.EndedTicks))
                .Blobs(_standings.Values.Select(each => each.Tail));
        }
    }

    private void KeepCheckpoints(NpgsqlBatch batch)
    {
        if (_checkpoints.Count > 0)
        {
            Add(batch,
                """
                INSERT INTO workflow_checkpoint SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                ON CONFLICT (key) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash,
                    format_version = excluded.format_version, digest = excluded.digest, state = excluded.state
                """)
                .Longs(_checkpoints.Keys)
                .Longs(_checkpoints.Values.Select(each => each.Position.Sequence))
                .Blobs(_checkpoints.Values.Select(each => each.Position.Hash.ToArray()))
                .Ints(_checkpoints.Values.Select(each => each.FormatVersion))
                .Blobs(_checkpoints.Values.Select(each => HashChain.DigestOf(each).ToArray()))
                .Blobs(_checkpoints.Values.Select(each => each.State.ToArray()));
        }
    }

    private static Rows Add(NpgsqlBatch batch, string sql)
    {
        NpgsqlBatchCommand command = new(sql);
        batch.BatchCommands.Add(command);
        return new Rows(command);
    }

    /// <summary>Columns as arrays, in the order of the parameters.</summary>
    private readonly struct Rows(NpgsqlBatchCommand command)
    {
        public Rows Longs(IEnumerable<long> values) => Add(NpgsqlDbType.Bigint, values.ToArray());

        public Rows LongsOrNone(IEnumerable<long?> values) => Add(NpgsqlDbType.Bigint, values.ToArray());

        public Rows Ints(IEnumerable<int> values) => Add(NpgsqlDbType.Integer, values.ToArray());

        public Rows Texts(IEnumerable<string?> values) => Add(NpgsqlDbType.Text, values.ToArray());

        public Rows Blobs(IEnumerable<byte[]?> values) => Add(NpgsqlDbType.Bytea, values.ToArray());

        private Rows Add(NpgsqlDbType type, object values)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values });
            return this;
        }
    }
}
