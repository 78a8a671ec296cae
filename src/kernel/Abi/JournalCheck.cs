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

    /// <summary>The audit records that the journal has forgotten; nothing before there was an archive.</summary>
    public AuditArchiveCheck? Audit { get; init; }

    /// <summary>The executions of workflows, which have a store of their own; nothing where there is none.</summary>
    public WorkflowCheck? Workflows { get; init; }

    /// <summary>Whether all of it is what was written.</summary>
    public bool IsWhole() => IsAuditWhole() && (Workflows is null || Workflows.Damaged.Count == 0);

    /// <summary>Whether the audit log, journal and archive, is what was written.</summary>
    public bool IsAuditWhole() => FirstDamage() is null;

    /// <summary>The oldest damage of the audit log; nothing when it is whole.</summary>
    public JournalDamage? FirstDamage() => Audit?.Damage ?? Damage;
}

/// <summary>Whether the archive of the audit log is what was written to it, all of it checked.</summary>
/// <param name="Records">How many records check out.</param>
/// <param name="FirstSequence">The oldest of them; 0 when there is none.</param>
/// <param name="LastSequence">The last that checks out; 0 when there is none.</param>
/// <param name="Bytes">What they count towards <c>journal.audit_bytes</c>.</param>
public sealed record AuditArchiveCheck(long Records, long FirstSequence, long LastSequence, long Bytes)
{
    /// <summary>Older audit records than the first one were dropped: too old, or more than are to be kept.</summary>
    public bool HasDropped { get; init; }

    /// <summary>The first record that does not check out; nothing when the archive is whole.</summary>
    public JournalDamage? Damage { get; init; }
}

/// <summary>
/// Where a journal is not what was written. A sequence of 0 means the checkpoint, or what the store notes about the
/// whole.
/// </summary>
public sealed record JournalDamage(long Sequence, string What, string Expected, string Found);

/// <summary>Whether the executions of workflows are what was written, all of them checked.</summary>
/// <param name="Store">Where they are.</param>
/// <param name="Executions">How many there are.</param>
/// <param name="Records">How many records check out.</param>
public sealed record WorkflowCheck(string Store, long Executions, long Records)
{
    /// <summary>Snapshots of long executions that are what the records come to.</summary>
    public long Snapshots { get; init; }

    /// <summary>Those that do not check out.</summary>
    public IReadOnlyList<ExecutionDamage> Damaged { get; init => field = value ?? []; } = [];
}

/// <summary>An execution that is not what was written.</summary>
/// <param name="Execution">Its ARN.</param>
/// <param name="Event">The id that the first bad event of its history would have; 0 when that cannot be said.</param>
/// <param name="Damage">The first of its records that does not check out.</param>
public sealed record ExecutionDamage(string Execution, long Event, JournalDamage Damage);

/// <summary>What <c>analemma-kernel --export-workflows</c> and <c>--import-workflows</c> print.</summary>
/// <param name="Path">The file.</param>
/// <param name="Documents">State machines, functions, connections, and whatever else is no execution.</param>
/// <param name="Executions">Executions, each with all that happened to it.</param>
/// <param name="Records">What happened to them.</param>
public sealed record WorkflowArchive(string Path, long Documents, long Executions, long Records)
{
    /// <summary>Large payloads, each once.</summary>
    public long Payloads { get; init; }

    /// <summary>
    /// After an import: payloads that executions refer to, and that are neither in the archive nor where they are kept.
    /// </summary>
    public long MissingPayloads { get; init; }
}

/// <summary>What <c>analemma-kernel --compact-journal</c> prints: the bytes of each file before and after.</summary>
public sealed record JournalCompaction(IReadOnlyList<CompactedFile> Files);

/// <summary>A file that gave back what it does not use.</summary>
public sealed record CompactedFile(string Path, long BytesBefore, long BytesAfter);
