using System.Buffers.Binary;
using System.Security.Cryptography;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;

namespace Analemma.Daemon.Workflows.Engine;

// WHAT AN EXECUTION WAITS FOR, IN ITS ROW
//
//   offset  size  field
//        0    32  SHA-256 over the key (8), the last record's sequence (8) and hash (32), big-endian, and the rest
//       32        the rest, as WaitingWork has it
//
// It is of that execution as of that record, or of nothing.
/// <summary>Ties what an execution waits for to the record that led to it.</summary>
internal static class StoredWaits
{
    /// <summary>What is kept; null when the execution does more than wait.</summary>
    public static byte[]? Write(long key, JournalPosition last, ExecutionState state, OpenWork open)
    {
        if (WaitingWork.Of(state, open)?.Write() is not { } waits)
        {
            return null;
        }

        var written = new byte[ChainHash.Size + waits.Length];
        waits.CopyTo(written, ChainHash.Size);
        Digest(key, last, waits, written);
        return written;
    }

    /// <summary>What an execution waits for; null when it has to be folded to know.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    public static WaitingWork? Read(StoredExecution stored, ExecutionIdentity identity)
    {
        if (stored.Waits is not { Length: > ChainHash.Size } written)
        {
            return null;
        }

        Span<byte> expected = stackalloc byte[ChainHash.Size];
        Digest(stored.Key, stored.Last, written.AsSpan(ChainHash.Size), expected);
        return expected.SequenceEqual(written.AsSpan(0, ChainHash.Size))
            ? WaitingWork.Read(written.AsSpan(ChainHash.Size), identity)
            : throw new JournalCorruptException(
                stored.Last.Sequence,
                "digest of what it waits for",
                Convert.ToHexStringLower(expected),
                Convert.ToHexStringLower(written.AsSpan(0, ChainHash.Size)));
    }

    private static void Digest(long key, JournalPosition last, ReadOnlySpan<byte> waits, Span<byte> digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> place = stackalloc byte[16 + ChainHash.Size];
        BinaryPrimitives.WriteInt64BigEndian(place, key);
        BinaryPrimitives.WriteInt64BigEndian(place[8..], last.Sequence);
        last.Hash.Write(place[16..]);
        hash.AppendData(place);
        hash.AppendData(waits);
        hash.GetHashAndReset(digest);
    }
}
