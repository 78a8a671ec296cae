namespace Analemma.Journal;

/// <summary>Every bound of the journal, in one place.</summary>
public static class JournalLimits
{
    /// <summary>One record's body. A larger fact belongs in a blob that the record names by its hash.</summary>
    public const int RecordBytesMax = 1024 * 1024;

    /// <summary>A record's type, in ASCII: it is a name, not text.</summary>
    public const int TypeLengthMax = 64;

    /// <summary>Records in one transaction: what a crash in the middle of it can leave unacknowledged.</summary>
    public const int CommitRecordsMax = 4096;

    /// <summary>Bodies in one transaction, so that one commit stays within a few disk writes' time.</summary>
    public const int CommitBytesMax = 8 * 1024 * 1024;

    /// <summary>Records that wait for the commit in progress; past it, the writer refuses.</summary>
    public const int PendingRecordsMax = 16 * 1024;

    /// <summary>Bodies that wait for the commit in progress; past it, the writer refuses.</summary>
    public const long PendingBytesMax = 64 * 1024 * 1024;

    /// <summary>The kernel's state in one checkpoint.</summary>
    public const int CheckpointBytesMax = 256 * 1024 * 1024;

    /// <summary>Records deleted in one transaction, so that pruning never holds up an append for long.</summary>
    public const int PruneRecordsMax = 1000;
}
