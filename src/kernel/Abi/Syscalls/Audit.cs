using System.Text.Json;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// The audit log: who did what, and what was denied, the latest records. A client on the host sees all of it, an agent
/// what it did itself, or with <c>id</c> or <c>name</c> what one did that it may read. Whether the log is what was
/// written is checked by <c>analemma audit verify</c>.
/// </summary>
public sealed record Audit : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Audit;

    /// <summary><c>security</c> or <c>lifecycle</c>. Default both.</summary>
    public string? Category { get; init; }

    /// <summary>Only records after this one.</summary>
    public long? Since { get; init; }

    /// <summary>How many at most, the latest; 1 to 1000. Default 100.</summary>
    public int? Max { get; init; }
}

/// <summary>Records of the audit log, the oldest first.</summary>
/// <param name="Records">As many as were asked for, or as one answer has room for.</param>
public sealed record AuditReply(IReadOnlyList<AuditRecord> Records) : Reply;

/// <summary>One record of the audit log.</summary>
/// <param name="Id">The sequence of its record in the journal.</param>
/// <param name="At">When.</param>
/// <param name="Category"><c>security</c> or <c>lifecycle</c>.</param>
/// <param name="Type">The type of the record, such as <c>attempt.denied</c>.</param>
/// <param name="By">Who did it: <c>process N</c>, <c>uid N</c> for a client on the host; empty for the kernel.</param>
/// <param name="Details">The record itself.</param>
public sealed record AuditRecord(
    long Id, DateTimeOffset At, string Category, string Type, string By, JsonElement Details);
