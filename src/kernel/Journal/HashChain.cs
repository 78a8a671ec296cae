using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analemma.Journal;

// HASH CHAIN
//
// Each record's hash is SHA-256 over these bytes, all integers big-endian:
//
//   offset  size  field
//        0    32  hash of the previous record; zeros for the record with sequence 1
//       32     8  sequence
//       40     8  ticks      UTC, 100 ns since 0001-01-01
//       48     2  n, length of the type
//       50     4  m, length of the body
//       54     n  type       ASCII
//     54+n     m  body
//
// Both lengths stand before both fields, so no two different records give the same bytes. A checkpoint's digest is
// SHA-256 over the position's hash (32), its sequence (8), the format version (4), the length of the state (8) and the
// state; with it a checkpoint can be checked although the records it stands for may be gone.
//
// The chain shows that nothing in it was changed, removed or put in. It cannot show that the end is missing if the end
// was removed together with the store's own note of it; a store therefore keeps that note (IJournalReader.Last) apart
// from the records, written in the same transaction.

/// <summary>The hash that ties each record to all before it.</summary>
public static class HashChain
{
    private const int HeadSize = 54;

    /// <summary>The record that follows a position.</summary>
    public static JournalRecord Next(JournalPosition previous, in JournalEntry entry)
    {
        CheckBounds(entry);
        var sequence = previous.Sequence + 1;
        var hash = HashOf(previous.Hash, sequence, entry.Ticks, entry.Type, entry.Body.Span);
        return new JournalRecord(sequence, entry.Ticks, entry.Type, entry.Body, hash);
    }

    /// <summary>Throws <see cref="JournalCorruptException"/> unless the record is the one that follows.</summary>
    public static void Check(JournalPosition previous, JournalRecord record)
    {
        if (record.Sequence != previous.Sequence + 1)
        {
            throw new JournalCorruptException(
                previous.Sequence + 1, "sequence", $"{previous.Sequence + 1}", $"{record.Sequence}");
        }

        if (record.Type.Length is 0 or > JournalLimits.TypeLengthMax || !Ascii.IsValid(record.Type))
        {
            throw new JournalCorruptException(record.Sequence, "type", "an ASCII name", $"{record.Type.Length} chars");
        }

        var hash = HashOf(previous.Hash, record.Sequence, record.Ticks, record.Type, record.Body.Span);
        if (hash != record.Hash)
        {
            throw new JournalCorruptException(record.Sequence, "hash", hash.ToString(), record.Hash.ToString());
        }
    }

    public static ChainHash DigestOf(Checkpoint checkpoint)
    {
        Span<byte> head = stackalloc byte[ChainHash.Size + 20];
        checkpoint.Position.Hash.Write(head);
        BinaryPrimitives.WriteInt64BigEndian(head[32..], checkpoint.Position.Sequence);
        BinaryPrimitives.WriteInt32BigEndian(head[40..], checkpoint.FormatVersion);
        BinaryPrimitives.WriteInt64BigEndian(head[44..], checkpoint.State.Length);
        return Sha256(head, default, checkpoint.State.Span);
    }

    public static void CheckBounds(in JournalEntry entry)
    {
        if (entry.Type.Length is 0 or > JournalLimits.TypeLengthMax || !Ascii.IsValid(entry.Type))
        {
            throw new ArgumentException($"record type '{entry.Type}' is not an ASCII name of 1 to 64 characters");
        }

        if (entry.Body.Length > JournalLimits.RecordBytesMax)
        {
            throw new ArgumentException(
                $"a {entry.Type} record of {entry.Body.Length} bytes; the limit is {JournalLimits.RecordBytesMax}");
        }
    }

    private static ChainHash HashOf(
        ChainHash previous, long sequence, long ticks, string type, ReadOnlySpan<byte> body)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        Span<byte> name = stackalloc byte[JournalLimits.TypeLengthMax];
        previous.Write(head);
        BinaryPrimitives.WriteInt64BigEndian(head[32..], sequence);
        BinaryPrimitives.WriteInt64BigEndian(head[40..], ticks);
        var length = Encoding.ASCII.GetBytes(type, name);
        BinaryPrimitives.WriteUInt16BigEndian(head[48..], (ushort)length);
        BinaryPrimitives.WriteInt32BigEndian(head[50..], body.Length);
        return Sha256(head, name[..length], body);
    }

    private static ChainHash Sha256(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, ReadOnlySpan<byte> body)
    {
        var length = head.Length + name.Length + body.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        head.CopyTo(buffer);
        name.CopyTo(buffer.AsSpan(head.Length));
        body.CopyTo(buffer.AsSpan(head.Length + name.Length));
        Span<byte> digest = stackalloc byte[ChainHash.Size];
        SHA256.HashData(buffer.AsSpan(0, length), digest);
        ArrayPool<byte>.Shared.Return(buffer);
        ChainHash.TryRead(digest, out var hash);
        return hash;
    }
}
