namespace Analemma.Journal;

// RECOVERY
//
// 1. The checkpoint, if there is one the caller can use, gives a state and a position; else the anchor does, which must
//    then be the beginning: records that were pruned cannot be folded.
// 2. Each record from there on must follow the one before it: next sequence, right hash. One that does not is
//    corruption, and recovery refuses to guess. The one exception: where the store says that its tail can tear, a bad
//    record with nothing good after it was being written when the machine stopped. Nobody was told that it was
//    durable, so it is dropped.
// 3. The last record must be the one that the store noted as its last, unless a tail was dropped.
//
// A record behind the checkpoint is not read: that is what the checkpoint is for. JournalVerifier reads them all.

/// <summary>What recovery starts from, and the records to fold onto it.</summary>
public sealed record RecoveredJournal(Checkpoint? Checkpoint, IEnumerable<JournalRecord> Records);

/// <summary>Reads a journal back, checking each record before it is handed out.</summary>
public static class Recovery
{
    /// <summary>
    /// The records are read as they are enumerated; a record that does not check out throws
    /// <see cref="JournalCorruptException"/> from the enumeration. A checkpoint of a format that the caller does not
    /// know is passed over if all records are still kept.
    /// </summary>
    public static RecoveredJournal Begin(IJournalStore store, int formatVersion)
    {
        var checkpoint = store.ReadCheckpoint();
        if (checkpoint is not null && checkpoint.FormatVersion != formatVersion)
        {
            checkpoint = store.Anchor == JournalPosition.Beginning
                ? null
                : throw new JournalStoreException(
                    JournalStoreFailure.NotAJournal,
                    $"the checkpoint has format {checkpoint.FormatVersion}, this kernel knows {formatVersion}, and the"
                    + $" records before {store.Anchor.Sequence + 1} that could replace it were pruned");
        }

        if (checkpoint is null && store.Anchor != JournalPosition.Beginning)
        {
            throw new JournalCorruptException(
                0, "checkpoint", $"one at or after {store.Anchor.Sequence}", "none, and older records were pruned");
        }

        var from = checkpoint?.Position ?? JournalPosition.Beginning;
        return new RecoveredJournal(checkpoint, Checked(store, from, tail => store.DropTail(tail)));
    }

    /// <summary>All records after a position, each checked; a torn tail is reported, and the caller drops it.</summary>
    internal static IEnumerable<JournalRecord> Checked(
        IJournalReader reader, JournalPosition from, Action<long> tornTail)
    {
        var position = from;
        using var records = reader.Read(from.Sequence + 1).GetEnumerator();
        while (records.MoveNext())
        {
            var record = records.Current;
            if (!Follows(position, record, out var corruption))
            {
                if (!reader.TailCanTear || records.MoveNext())
                {
                    throw corruption;
                }

                tornTail(position.Sequence + 1);
                yield break;
            }

            position = record.Position;
            yield return record;
        }

        if (position != reader.Last)
        {
            throw new JournalCorruptException(
                position.Sequence + 1, "end of journal", $"{reader.Last.Sequence} {reader.Last.Hash}",
                $"{position.Sequence} {position.Hash}");
        }
    }

    private static bool Follows(JournalPosition position, JournalRecord record, out JournalCorruptException corruption)
    {
        corruption = null!;
        try
        {
            HashChain.Check(position, record);
            return true;
        }
        catch (JournalCorruptException found)
        {
            corruption = found;
            return false;
        }
    }
}
