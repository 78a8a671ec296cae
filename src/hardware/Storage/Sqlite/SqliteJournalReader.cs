using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// A journal as it was when the reader was opened, also while a kernel writes to it. Damage that SQLite itself finds
/// is reported as corruption of the record that could not be read.
/// </summary>
public sealed class SqliteJournalReader : IJournalReader, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly string _path;

    private SqliteJournalReader(SqliteConnection connection, string path)
    {
        (_connection, _path) = (connection, path);
        (Anchor, Last) = ReadChain();
    }

    public JournalPosition Anchor { get; }

    public JournalPosition Last { get; }

    public bool TailCanTear => false;

    public static SqliteJournalReader Open(string path)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = SqliteJournalSchema.Database.OpenForReading(path);
            SqliteDatabase.Execute(connection, "BEGIN");
            return new SqliteJournalReader(connection, path);
        }
        catch (SqliteException error)
        {
            connection?.Dispose();
            throw error.ToStoreException(path);
        }
        catch (JournalCorruptException)
        {
            connection?.Dispose();
            throw;
        }
    }

    public IEnumerable<JournalRecord> Read(long fromSequence)
    {
        using var command = _connection.CreateCommand();
        command.CommandText =
            "SELECT sequence, ticks, type, hash, body FROM record WHERE sequence >= $from ORDER BY sequence";
        command.Parameters.AddWithValue("$from", fromSequence);
        var sequence = fromSequence;
        using var rows = Guarded(sequence, command.ExecuteReader);
        while (Guarded(sequence, rows.Read))
        {
            yield return Guarded(sequence, () => RecordOf(rows));
            sequence++;
        }
    }

    /// <summary>
    /// Records after a sequence whose type is one of some or begins as given, the latest first: of the journal, then of
    /// the archive of what it has forgotten. Unchecked.
    /// </summary>
    public IEnumerable<JournalRecord> ReadLatest(long afterSequence, string prefix, IEnumerable<string> types)
    {
        var names = string.Join(", ", types.Select((_, at) => $"$type{at}"));
        foreach (var table in HasArchive() ? new[] { "record", "audit" } : ["record"])
        {
            using var command = _connection.CreateCommand();
            command.CommandText = $"SELECT sequence, ticks, type, hash, body FROM {table} WHERE sequence > $after"
                + $" AND (substr(type, 1, length($prefix)) = $prefix OR type IN ({names})) ORDER BY sequence DESC";
            command.Parameters.AddWithValue("$after", afterSequence);
            command.Parameters.AddWithValue("$prefix", prefix);
            foreach (var (type, at) in types.Select((type, at) => (type, at)))
            {
                command.Parameters.AddWithValue($"$type{at}", type);
            }

            using var rows = Guarded(0, command.ExecuteReader);
            while (Guarded(0, rows.Read))
            {
                yield return Guarded(0, () => RecordOf(rows));
            }
        }
    }

    public Checkpoint? ReadCheckpoint()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT sequence, hash, format_version, digest, state FROM checkpoint";
        using var rows = Guarded(0, command.ExecuteReader);
        if (!Guarded(0, rows.Read))
        {
            return null;
        }

        var checkpoint = new Checkpoint(
            new JournalPosition(Number(rows, 0, 0), Hash(rows, 1, 0)), (int)Number(rows, 2, 0), Bytes(rows, 4, 0));
        var expected = HashChain.DigestOf(checkpoint);
        var found = Hash(rows, 3, 0);
        return expected == found
            ? checkpoint
            : throw new JournalCorruptException(0, "checkpoint digest", expected.ToString(), found.ToString());
    }

    /// <summary>What the archive of the audit log notes; null in a journal of before there was one.</summary>
    public AuditArchiveNote? ReadArchiveNote()
    {
        if (!HasArchive())
        {
            return null;
        }

        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT anchor_sequence, anchor_link, last_sequence, last_link,"
            + " through_sequence, through_hash, bytes FROM audit_note WHERE id = 1";
        using var rows = Guarded(0, command.ExecuteReader);
        return Guarded(0, rows.Read)
            ? new AuditArchiveNote(
                new(Number(rows, 0, 0), Hash(rows, 1, 0)),
                new(Number(rows, 2, 0), Hash(rows, 3, 0)),
                new(Number(rows, 4, 0), Hash(rows, 5, 0)),
                Number(rows, 6, 0))
            : throw new JournalCorruptException(0, "audit note", "one", "none");
    }

    /// <summary>The archived records of the audit log from a sequence on, unchecked, in order.</summary>
    public IEnumerable<ArchivedRecord> ReadArchive(long fromSequence = 0)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT sequence, ticks, type, hash, body, previous, link FROM audit"
            + " WHERE sequence >= $from ORDER BY sequence";
        command.Parameters.AddWithValue("$from", fromSequence);
        var sequence = fromSequence;
        using var rows = Guarded(sequence, command.ExecuteReader);
        while (Guarded(sequence, rows.Read))
        {
            var archived = Guarded(sequence, () =>
            {
                var record = RecordOf(rows);
                return new ArchivedRecord(
                    record, Hash(rows, 5, record.Sequence), Hash(rows, 6, record.Sequence));
            });
            yield return archived;
            sequence = archived.Record.Sequence + 1;
        }
    }

    public void Dispose() => _connection.Dispose();

    private bool HasArchive()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_schema WHERE name = 'audit_note'";
        return Guarded(0, () => command.ExecuteScalar() is 1L);
    }

    private static JournalRecord RecordOf(SqliteDataReader rows)
    {
        var sequence = Number(rows, 0, 0);
        var type = rows.GetValue(2) as string ?? throw NotOfType(sequence, "type");
        return new JournalRecord(
            sequence, Number(rows, 1, sequence), type, Bytes(rows, 4, sequence), Hash(rows, 3, sequence));
    }

    private static long Number(SqliteDataReader rows, int column, long sequence) =>
        rows.GetValue(column) is long number ? number : throw NotOfType(sequence, rows.GetName(column));

    private static byte[] Bytes(SqliteDataReader rows, int column, long sequence) =>
        rows.GetValue(column) as byte[] ?? throw NotOfType(sequence, rows.GetName(column));

    private static ChainHash Hash(SqliteDataReader rows, int column, long sequence) =>
        ChainHash.TryRead(Bytes(rows, column, sequence), out var hash)
            ? hash
            : throw NotOfType(sequence, rows.GetName(column));

    private static JournalCorruptException NotOfType(long sequence, string column) =>
        new(sequence, column, "a value of the column's type", "another type or length");

    private (JournalPosition Anchor, JournalPosition Last) ReadChain()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT anchor_sequence, anchor_hash, last_sequence, last_hash FROM chain WHERE id = 1";
        using var rows = Guarded(0, command.ExecuteReader);
        return Guarded(0, rows.Read)
            ? (new(Number(rows, 0, 0), Hash(rows, 1, 0)), new(Number(rows, 2, 0), Hash(rows, 3, 0)))
            : throw new JournalCorruptException(0, "chain row", "one", "none");
    }

    private T Guarded<T>(long sequence, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException error) when (SqliteErrors.IsDamage(error))
        {
            throw new JournalCorruptException(sequence, "database", "a readable page", error.Message);
        }
        catch (SqliteException error)
        {
            throw error.ToStoreException(_path);
        }
    }
}
