using System.Buffers.Binary;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>Finds an execution's records among those of all. One thread at a time.</summary>
internal sealed class SqliteEntryReader : IDisposable
{
    private readonly SqliteCommand _numbers;
    private readonly SqliteCommand _entries;

    public SqliteEntryReader(SqliteConnection connection)
    {
        // In one statement, whose snapshot holds while it is read: numbers go from last to place meanwhile.
        _numbers = SqliteExecutionStatements.Command(
            connection,
            """
            SELECT sequence, numbers FROM place WHERE key = $1 AND sequence >= $2
            UNION ALL SELECT sequence, numbers FROM last WHERE key = $1 AND sequence >= $2
            ORDER BY 1
            """,
            2);
        _entries = SqliteExecutionStatements.Command(
            connection,
            "SELECT n, key, sequence, ticks, type, hash, body FROM entry WHERE n BETWEEN $1 AND $2 ORDER BY n",
            2);
    }

    /// <summary>Adds records from a sequence on, until there are so many in all.</summary>
    /// <exception cref="JournalCorruptException">One is not there, or is another's.</exception>
    public void Read(long key, long from, int max, List<JournalRecord> found)
    {
        SqliteExecutionStatements.Set(_numbers, 0, key);
        SqliteExecutionStatements.Set(_numbers, 1, from);
        using var rows = _numbers.ExecuteReader();
        while (found.Count < max && rows.Read())
        {
            if (rows.GetValue(0) is not long last || rows.GetValue(1) is not byte[] numbers
                || numbers.Length % EntryNumbers.Bytes != 0)
            {
                throw new JournalCorruptException(from, "row", "values of the columns' types", "others");
            }

            var all = EntryNumbers.Read(numbers);
            var first = last - all.Length + 1;
            var skipped = (int)Math.Clamp(from - first, 0, all.Length);
            Read(key, first + skipped, all.AsSpan(skipped, Math.Min(all.Length - skipped, max - found.Count)), found);
        }
    }

    public void Dispose()
    {
        _numbers.Dispose();
        _entries.Dispose();
    }

    // Those of an execution that ran alone follow each other.
    private void Read(long key, long sequence, ReadOnlySpan<long> numbers, List<JournalRecord> found)
    {
        while (!numbers.IsEmpty)
        {
            var count = 1;
            while (count < numbers.Length && numbers[count] == numbers[count - 1] + 1)
            {
                count++;
            }

            SqliteExecutionStatements.Set(_entries, 0, numbers[0]);
            SqliteExecutionStatements.Set(_entries, 1, numbers[count - 1]);
            using var rows = _entries.ExecuteReader();
            for (var i = 0; i < count; i++, sequence++)
            {
                found.Add(rows.Read() && rows.GetValue(0) is long n && n == numbers[i]
                    ? Entry(rows, key, sequence)
                    : throw new JournalCorruptException(sequence, "entry", $"number {numbers[i]}", "none"));
            }

            numbers = numbers[count..];
        }
    }

    private static JournalRecord Entry(SqliteDataReader row, long key, long sequence)
    {
        // A damaged page may hold any type, whatever the table says.
        if (row.GetValue(1) is not long owner || row.GetValue(2) is not long own
            || row.GetValue(3) is not long ticks
            || row.GetValue(4) is not string type
            || row.GetValue(5) is not byte[] bytes || !ChainHash.TryRead(bytes, out var hash)
            || row.GetValue(6) is not byte[] body)
        {
            throw new JournalCorruptException(sequence, "row", "values of the columns' types", "others");
        }

        return owner == key && own == sequence
            ? new JournalRecord(sequence, ticks, type, body, hash)
            : throw new JournalCorruptException(
                sequence, "entry", $"record {sequence} of {key}", $"record {own} of {owner}");
    }
}

/// <summary>Numbers of entries in a row, eight bytes each, the first byte the highest.</summary>
internal static class EntryNumbers
{
    public const int Bytes = sizeof(long);

    public static void Write(Span<byte> numbers, int index, long number) =>
        BinaryPrimitives.WriteInt64BigEndian(numbers[(index * Bytes)..], number);

    public static byte[] Write(ReadOnlySpan<long> numbers)
    {
        var written = new byte[numbers.Length * Bytes];
        for (var i = 0; i < numbers.Length; i++)
        {
            Write(written, i, numbers[i]);
        }

        return written;
    }

    public static long[] Read(ReadOnlySpan<byte> numbers)
    {
        var read = new long[numbers.Length / Bytes];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = BinaryPrimitives.ReadInt64BigEndian(numbers[(i * Bytes)..]);
        }

        return read;
    }
}
