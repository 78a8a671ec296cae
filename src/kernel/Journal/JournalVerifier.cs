namespace Analemma.Journal;

/// <summary>What a whole journal looks like. Corruption is null when every kept record checks out.</summary>
public sealed record JournalReport(
    JournalPosition Anchor,
    JournalPosition Last,
    long Records,
    long? CheckpointSequence,
    long TornRecords,
    JournalCorruptException? Corruption);

/// <summary>Checks all that a journal keeps, also what recovery would skip. Changes nothing.</summary>
public static class JournalVerifier
{
    public static JournalReport Verify(IJournalReader reader)
    {
        long records = 0;
        long torn = 0;
        long? checkpointSequence = null;
        var last = reader.Anchor;
        JournalCorruptException? corruption = null;
        try
        {
            var checkpoint = reader.ReadCheckpoint();
            checkpointSequence = checkpoint?.Position.Sequence;
            CheckPlace(checkpoint?.Position, reader.Anchor);
            foreach (var record in Recovery.Checked(reader, reader.Anchor, _ => torn++))
            {
                CheckPlace(checkpoint?.Position, record.Position);
                last = record.Position;
                records++;
            }
        }
        catch (JournalCorruptException found)
        {
            corruption = found;
        }

        return new JournalReport(reader.Anchor, last, records, checkpointSequence, torn, corruption);
    }

    /// <summary>A checkpoint stands for exactly the records up to its position.</summary>
    private static void CheckPlace(JournalPosition? checkpoint, JournalPosition position)
    {
        if (checkpoint is { } place && place.Sequence == position.Sequence && place != position)
        {
            throw new JournalCorruptException(
                position.Sequence, "hash at the checkpoint", place.Hash.ToString(), position.Hash.ToString());
        }
    }
}
