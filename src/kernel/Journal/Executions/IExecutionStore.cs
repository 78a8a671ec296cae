namespace Analemma.Journal.Executions;

// WHAT IS KEPT OF WORKFLOWS
//
//   document    a value by kind and key: state machines, aliases, activities. Few; a kernel knows all of them by heart.
//   execution   one row a run of a state machine: what it is found and listed by, how it began and how it ended
//   record      what happened to an execution, in order, each tied to the one before by its hash (HashChain). Every
//               execution has a chain of its own, so that they can be written, checked and forgotten one by one.
//   checkpoint  at most one an execution: its state as of a record, so that a long history is not folded from its start
//   waits       in the row of an execution that only waits: for what, so that it need not be folded to be taken up
//
// The first records of an execution may be gone, when its owner has let them go (Prune). The first that is left then
// says itself which it follows, in words of the owner.
//
// A change is durable as a whole or not at all. Changes are committed in the order in which they came, as many together
// as wait: the disk's flushes follow its speed and not the number of executions.
//
// When a store fails:
//
//   Full            nothing of the change was kept; it may be written again when there is room
//   Gone            the server cannot be reached. What begins something is refused; what goes on is kept, and written
//                   once when the server is back
//   Fenced          another kernel has taken the store: nothing is written any more
//   Io and others   nobody knows what is on disk: nothing is written before the store is opened again
/// <summary>
/// What is kept of workflows, to look at. Blocks, for about the time of one look into an index, and throws
/// <see cref="JournalStoreException"/> when it cannot be read.
/// </summary>
public interface IExecutionReader : IDisposable
{
    /// <summary>What and where it is, for people; without anything secret.</summary>
    string Name { get; }

    /// <summary>All documents of a kind, by key.</summary>
    IReadOnlyList<StoredDocument> Documents(string kind);

    /// <summary>The execution of that ARN; null when there is none.</summary>
    StoredExecution? Find(string arn);

    /// <summary>The execution of that key; null when there is none.</summary>
    StoredExecution? Find(long key);

    /// <summary>Those that have not ended, oldest first, with what they wait for.</summary>
    IReadOnlyList<StoredExecution> Open();

    /// <summary>Newest first.</summary>
    IReadOnlyList<StoredExecution> List(ExecutionQuery query);

    /// <summary>What happened to an execution, unchecked, from a sequence on.</summary>
    IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1);

    /// <summary>As <see cref="Records"/>, at most so many.</summary>
    IReadOnlyList<JournalRecord> Page(long key, long fromSequence, int max) =>
        [.. Records(key, fromSequence).Take(max)];

    /// <summary>The latest checkpoint of an execution, its digest checked; null when there is none.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    Checkpoint? Checkpoint(long key);

    /// <summary>Keys of those that ended before a time in UTC ticks, those that ended first first.</summary>
    IReadOnlyList<long> EndedBefore(long ticks, int max);

    /// <summary>The highest key that was ever given; 0 for none.</summary>
    long LastKey { get; }
}

/// <summary>
/// Keeps executions of workflows. Single owner, as the journal: a second one is refused, and one that was cut off from
/// its store and replaced can write no more. What bodies mean is the owner's matter.
/// </summary>
public interface IExecutionStore : IExecutionReader
{
    /// <summary>Transactions since it was opened.</summary>
    long Commits { get; }

    /// <summary>How it is doing. Any thread.</summary>
    ExecutionStoreHealth Health { get; }

    /// <summary>
    /// The owner has taken up what was open: what makes later commits faster, and would have kept it waiting, may be
    /// done now.
    /// </summary>
    void Ready();

    /// <summary>
    /// Makes a change durable and then calls back: null for done. The callback runs on the store's own thread, or on
    /// this one when it is refused at once, and must not hold it.
    /// </summary>
    void Write(ExecutionStoreChange change, Action<JournalStoreException?> done);

    /// <summary>
    /// Whether the calling thread is the store's and is lent to what comes of a commit: nobody else waits for it, and
    /// what is written there is committed there. It may be held for as long as a step takes.
    /// </summary>
    bool IsLent => false;
}

/// <summary>How a store is doing.</summary>
/// <param name="Failure">Why it does not write now; null while it does.</param>
/// <param name="Waiting">Changes that are not durable yet.</param>
/// <param name="OldestWait">How long the oldest of them has waited.</param>
public readonly record struct ExecutionStoreHealth(JournalStoreException? Failure, int Waiting, TimeSpan OldestWait)
{
    /// <summary>A disk or a server that takes longer than that for a commit cannot take new work.</summary>
    public static TimeSpan SlowAfter { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Why nothing new may begin; null when it may.</summary>
    public JournalStoreException? Refusal => Failure
        ?? (OldestWait > SlowAfter
            ? new JournalStoreException(
                JournalStoreFailure.Busy,
                $"the store is slow: {Waiting} changes wait, the oldest for {OldestWait.TotalSeconds:F0} s")
            : null);
}

/// <summary>What one commit adds, whole or not at all.</summary>
public sealed record ExecutionStoreChange
{
    /// <summary>Documents to put; one without a body is forgotten.</summary>
    public IReadOnlyList<StoredDocument> Documents { get; init; } = [];

    /// <summary>An execution that begins.</summary>
    public StoredExecution? Begins { get; init; }

    /// <summary>Whose records these are; 0 for none.</summary>
    public long Key { get; init; }

    /// <summary>What happened to it, in order, each following the one before.</summary>
    public IReadOnlyList<JournalRecord> Records { get; init; } = [];

    /// <summary>
    /// What the execution waits for after these records, in words of the owner; null when it does more than wait.
    /// Records without it take away what was there.
    /// </summary>
    public byte[]? Waits { get; init; }

    /// <summary>How it stands now; null when that is as before.</summary>
    public ExecutionStanding? Standing { get; init; }

    /// <summary>State of the execution as of one of its records; takes the place of the checkpoint before.</summary>
    public Checkpoint? Checkpoint { get; init; }

    /// <summary>Records of the execution before this sequence are forgotten; 0 for none.</summary>
    public long Prune { get; init; }

    /// <summary>Executions to forget, with all that is kept of them.</summary>
    public IReadOnlyList<long> Forget { get; init; } = [];

    /// <summary>Whether it begins something, and so may be refused without a loss.</summary>
    public bool BeginsWork => Begins is not null || Key == 0;
}

/// <summary>A value that is kept by kind and key.</summary>
/// <param name="Kind">What it is, a name.</param>
/// <param name="Key">Which, unique in its kind.</param>
/// <param name="Body">What is kept; null to forget it.</param>
public sealed record StoredDocument(string Kind, string Key, byte[]? Body);

/// <summary>How an execution stands.</summary>
/// <param name="Status">0 while it runs; what others mean is the owner's matter.</param>
/// <param name="EndedTicks">When it ended, in UTC ticks; null while it runs.</param>
/// <param name="Tail">How it ended; null while it runs.</param>
public sealed record ExecutionStanding(int Status, long? EndedTicks, byte[]? Tail);

/// <summary>One execution, without what happened to it.</summary>
/// <param name="Key">Its number, which orders executions by their beginning.</param>
/// <param name="Arn">Its name to the world; unique.</param>
/// <param name="Machine">What it is listed under.</param>
/// <param name="StartedTicks">When it began, in UTC ticks.</param>
/// <param name="Head">How it began.</param>
/// <param name="Standing">How it stands.</param>
public sealed record StoredExecution(
    long Key, string Arn, string Machine, long StartedTicks, byte[] Head, ExecutionStanding Standing)
{
    /// <summary>The greater whole that it is a part of; null for none.</summary>
    public string? Run { get; init; }

    /// <summary>Its last record.</summary>
    public JournalPosition Last { get; init; }

    /// <summary>What it waits for, unchecked; null when it does more than wait, or that was not asked for.</summary>
    public byte[]? Waits { get; init; }
}

/// <summary>Which executions to list.</summary>
public sealed record ExecutionQuery
{
    /// <summary>Those of one machine; null for all.</summary>
    public string? Machine { get; init; }

    /// <summary>Those that are part of one greater whole; null for any, and for those of none.</summary>
    public string? Run { get; init; }

    /// <summary>Those that stand so; null for all.</summary>
    public int? Status { get; init; }

    /// <summary>Only those with a smaller key: where the page before ended.</summary>
    public long BeforeKey { get; init; } = long.MaxValue;

    /// <summary>At most so many.</summary>
    public int Max { get; init; } = 100;
}
