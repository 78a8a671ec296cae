using Analemma.Journal;

namespace Analemma.Storage.Executions;

/// <summary>Checkpoints of executions as they come out of a database.</summary>
internal static class StoredCheckpoints
{
    /// <exception cref="JournalCorruptException">The digest is that of another one.</exception>
    public static Checkpoint Check(long sequence, byte[] hash, int formatVersion, byte[] digest, byte[] state)
    {
        ChainHash.TryRead(hash, out var at);
        ChainHash.TryRead(digest, out var found);
        Checkpoint checkpoint = new(new JournalPosition(sequence, at), formatVersion, state);
        var expected = HashChain.DigestOf(checkpoint);
        return expected == found
            ? checkpoint
            : throw new JournalCorruptException(0, "checkpoint digest", expected.ToString(), found.ToString());
    }
}
