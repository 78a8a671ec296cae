using System.Security.Cryptography;

namespace Analemma.Journal;

// AUDIT ARCHIVE
//
// The journal forgets its oldest records. Those of them that belong to the audit log move to an archive in the same
// transaction, each with the hash that its record followed, so that HashChain still checks it although what stood
// between is gone. A chain of links ties the archived records to each other: each link is SHA-256 over
//
//   offset  size  field
//        0    32  link of the audit record before it; the hash of the journal's anchor where the archive begins
//       32    32  hash of its own record, which covers its sequence, time, type and body, and what the record followed
//
// The records of the audit log that are still in the journal have links too, by the same rule, computed when they are
// read: a link that was noted while its record was in the journal is the link that the archive has for it later.

/// <summary>One record of the audit log that the journal has forgotten.</summary>
/// <param name="Record">As it was in the journal.</param>
/// <param name="Previous">The hash of the record of the journal that stood before it.</param>
/// <param name="Link">Ties it to all records of the audit log before it.</param>
public sealed record ArchivedRecord(JournalRecord Record, ChainHash Previous, ChainHash Link);

/// <summary>What an archive notes about itself, apart from its records. Hashes of the first two are links.</summary>
/// <param name="Anchor">What the oldest kept record follows: the beginning, or the last one that was dropped.</param>
/// <param name="Last">The last record.</param>
/// <param name="Through">How far of the journal was looked through: where the journal goes on.</param>
/// <param name="Bytes">The bodies of all that is kept, and what each record takes beside.</param>
public sealed record AuditArchiveNote(
    JournalPosition Anchor, JournalPosition Last, JournalPosition Through, long Bytes);

/// <summary>What belongs to the audit log, and how much of it is kept when the journal forgets it.</summary>
/// <param name="Has">Whether records of a type do.</param>
/// <param name="BytesMax">Past it the oldest are dropped; 0 to keep none.</param>
/// <param name="KeptFor">What is older is dropped; zero to keep it however old it is.</param>
/// <param name="Time">Says how old that is.</param>
public sealed record AuditKeeping(Func<string, bool> Has, long BytesMax, TimeSpan KeptFor, TimeProvider Time)
{
    /// <summary>What a record takes beside its body: numbers, three hashes, its type and the row.</summary>
    public const int RecordOverhead = 160;

    /// <summary>Nothing is archived.</summary>
    public static AuditKeeping Nothing { get; } = new(_ => false, 0, TimeSpan.Zero, TimeProvider.System);

    /// <summary>What a record counts towards the limit.</summary>
    /// <param name="bodyBytes">The length of its body.</param>
    public static long BytesOf(long bodyBytes) => bodyBytes + RecordOverhead;

    /// <summary>Records of before these ticks are dropped.</summary>
    public long DroppedBefore() =>
        KeptFor > TimeSpan.Zero ? Time.GetUtcNow().UtcTicks - KeptFor.Ticks : long.MinValue;
}

/// <summary>The chain of links of the audit log.</summary>
public static class AuditChain
{
    /// <summary>The link of the record that follows.</summary>
    /// <param name="previous">The link before it.</param>
    /// <param name="record">The hash of its record.</param>
    public static ChainHash Next(ChainHash previous, ChainHash record)
    {
        Span<byte> both = stackalloc byte[2 * ChainHash.Size];
        previous.Write(both);
        record.Write(both[ChainHash.Size..]);
        Span<byte> digest = stackalloc byte[ChainHash.Size];
        SHA256.HashData(both, digest);
        ChainHash.TryRead(digest, out var link);
        return link;
    }

    /// <summary>The records of an archive, each checked before it is handed out, and the end at last.</summary>
    /// <param name="note">What the archive notes about itself.</param>
    /// <param name="records">Its records, unchecked.</param>
    /// <param name="journal">What the oldest record of the journal follows.</param>
    /// <exception cref="JournalCorruptException">Something is not what was written.</exception>
    public static IEnumerable<ArchivedRecord> Checked(
        AuditArchiveNote note, IEnumerable<ArchivedRecord> records, JournalPosition journal)
    {
        if (note.Through != journal)
        {
            throw Corrupt(note.Through.Sequence, "seam of the audit archive and the journal", journal, note.Through);
        }

        var at = note.Anchor;
        JournalPosition? before = null;
        foreach (var archived in records)
        {
            var record = archived.Record;
            CheckPlace(at, before, note.Through, archived);
            HashChain.Check(new JournalPosition(record.Sequence - 1, archived.Previous), record);
            var link = Next(at.Hash, record.Hash);
            if (link != archived.Link)
            {
                throw new JournalCorruptException(
                    record.Sequence, "link to the audit records before it", link.ToString(), archived.Link.ToString());
            }

            (at, before) = (new JournalPosition(record.Sequence, link), record.Position);
            yield return archived;
        }

        if (at != note.Last)
        {
            throw Corrupt(at.Sequence + 1, "end of the audit archive", note.Last, at);
        }
    }

    private static void CheckPlace(
        JournalPosition at, JournalPosition? before, JournalPosition through, ArchivedRecord archived)
    {
        var record = archived.Record;
        if (record.Sequence <= at.Sequence || record.Sequence > through.Sequence)
        {
            throw new JournalCorruptException(
                record.Sequence,
                "place in the audit archive",
                $"one after {at.Sequence}, up to {through.Sequence}",
                $"{record.Sequence}");
        }

        if (before is { } neighbour && neighbour.Sequence == record.Sequence - 1
            && neighbour.Hash != archived.Previous)
        {
            throw new JournalCorruptException(
                record.Sequence, "hash that it follows", neighbour.Hash.ToString(), archived.Previous.ToString());
        }

        if (record.Sequence == through.Sequence && record.Hash != through.Hash)
        {
            throw new JournalCorruptException(
                record.Sequence, "hash", through.Hash.ToString(), record.Hash.ToString());
        }
    }

    private static JournalCorruptException Corrupt(
        long sequence, string what, JournalPosition expected, JournalPosition found) =>
        new(sequence, what, $"{expected.Sequence} {expected.Hash}", $"{found.Sequence} {found.Hash}");
}
