namespace Analemma.Journal;

/// <summary>What a caller wants remembered. It becomes a record once it has a place in the chain.</summary>
public readonly record struct JournalEntry(string Type, ReadOnlyMemory<byte> Body, long Ticks);

/// <summary>
/// A place in the journal: a sequence and the hash of everything up to it. Sequence 0 is the beginning.
/// </summary>
public readonly record struct JournalPosition(long Sequence, ChainHash Hash)
{
    public static JournalPosition Beginning => default;
}

/// <summary>One fact of the journal. <see cref="HashChain"/> says what the hash covers.</summary>
public sealed record JournalRecord(
    long Sequence, long Ticks, string Type, ReadOnlyMemory<byte> Body, ChainHash Hash)
{
    public JournalPosition Position => new(Sequence, Hash);
}

/// <summary>
/// The kernel's state as of a position, so that recovery need not fold from the first record. The format version is
/// the kernel's: a kernel that does not know it starts from the records instead, if they are still kept.
/// </summary>
public sealed record Checkpoint(JournalPosition Position, int FormatVersion, ReadOnlyMemory<byte> State);
