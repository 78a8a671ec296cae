namespace Analemma.Abi;

/// <summary>
/// What <c>analemma-kernel --verify-journal</c> prints: whether a journal is what was written to it, all of it checked.
/// </summary>
/// <param name="Path">The journal's database.</param>
/// <param name="Records">How many records check out.</param>
/// <param name="FirstSequence">The oldest record that is kept; those before it were pruned.</param>
/// <param name="LastSequence">The last record that checks out.</param>
public sealed record JournalCheck(string Path, long Records, long FirstSequence, long LastSequence)
{
    /// <summary>The record that the checkpoint stands for, if there is a checkpoint.</summary>
    public long? CheckpointSequence { get; init; }

    /// <summary>The first thing that does not check out; nothing when the journal is whole.</summary>
    public JournalDamage? Damage { get; init; }
}

/// <summary>
/// Where a journal is not what was written. A sequence of 0 means the checkpoint, or what the store notes about the
/// whole.
/// </summary>
public sealed record JournalDamage(long Sequence, string What, string Expected, string Found);
