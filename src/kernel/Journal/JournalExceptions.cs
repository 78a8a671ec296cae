namespace Analemma.Journal;

/// <summary>
/// The journal does not say what was written to it. Boot refuses to start on it: a guess about history would be
/// acted on. Sequence is that of the record that does not check out; 0 when it is the checkpoint or the store's notes.
/// </summary>
public sealed class JournalCorruptException(long sequence, string what, string expected, string found)
    : Exception($"journal record {sequence} is corrupt: {what} expected {expected}, found {found}")
{
    public long Sequence { get; } = sequence;

    public string What { get; } = what;

    public string Expected { get; } = expected;

    public string Found { get; } = found;
}

/// <summary>Why a store could not do what it was asked.</summary>
public enum JournalStoreFailure
{
    /// <summary>No room: nothing of the batch was kept, and the store goes on when there is room again.</summary>
    Full,

    /// <summary>
    /// Reading or writing failed. Whether a commit took place is unknown, so the store must be reopened.
    /// </summary>
    Io,

    /// <summary>Another kernel has this journal.</summary>
    InUse,

    /// <summary>The file is not a journal, or one of a newer Analemma.</summary>
    NotAJournal,

    /// <summary>There is no journal where one should be read.</summary>
    Absent,

    /// <summary>The database itself is damaged, below the level of records.</summary>
    Damaged,

    /// <summary>The store was closed, or failed before and must be reopened.</summary>
    Closed,

    /// <summary>Too much already waits; the caller may try again.</summary>
    Busy,

    /// <summary>The server that keeps it cannot be reached; the caller may try again.</summary>
    Gone,

    /// <summary>Another kernel has taken it since: this one must not write, and cannot.</summary>
    Fenced,
}

/// <summary>
/// A journal store failed. The daemon's kernel loop handles it: what was not committed is not applied, and if
/// <see cref="StoreIsUsable"/> is false, the kernel stops and recovers on its next start.
/// </summary>
public sealed class JournalStoreException(
    JournalStoreFailure failure, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public JournalStoreFailure Failure { get; } = failure;

    /// <summary>What whoever runs the kernel can do about it; null when it passes by itself.</summary>
    public string? Hint => Failure switch
    {
        JournalStoreFailure.Full => "make room on its disk",
        JournalStoreFailure.Io => "see that its folder is there, and that this user may write to it; "
            + "kernel.state_folder, or the path of one database, says where it is",
        JournalStoreFailure.InUse => "stop the kernel that has it, or set kernel.state_folder to a folder of its own",
        JournalStoreFailure.NotAJournal => "set kernel.state_folder, or the path of one database, to where it is, "
            + "or to where none is for a new one",
        JournalStoreFailure.Absent => "name the kernel's folder with --set kernel.state_folder=FOLDER, "
            + "or the file with --set journal.path=FILE",
        JournalStoreFailure.Damaged => "`analemma journal verify` says what is damaged; go on with a copy from before",
        _ => null,
    };

    /// <summary>True when the failed batch is certainly absent and the next append may succeed.</summary>
    public bool StoreIsUsable => Failure is JournalStoreFailure.Full or JournalStoreFailure.Busy
        or JournalStoreFailure.Gone;
}
