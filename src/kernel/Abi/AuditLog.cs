namespace Analemma.Abi;

/// <summary>
/// What <c>analemma-kernel --audit</c> prints: who did what to whom and what was denied, as the journal has it, and
/// whether the journal is what was written to it.
/// </summary>
/// <param name="Check">The whole journal, every record checked against the chain of hashes.</param>
/// <param name="Entries">In the order of the journal, as far as it checks out.</param>
public sealed record AuditLog(JournalCheck Check, IReadOnlyList<AuditEntry> Entries);

/// <summary>One record that somebody may want to know of later.</summary>
/// <param name="Id">The sequence of its record in the journal.</param>
/// <param name="At">When.</param>
/// <param name="Category"><c>security</c> (denials, permissions, secrets, budgets) or <c>lifecycle</c>.</param>
/// <param name="Type">The type of the record, such as <c>attempt.denied</c>.</param>
/// <param name="By">Who did it: <c>process N</c>, <c>uid N</c> for a client on the host; empty for the kernel.</param>
/// <param name="Details">The record itself, as JSON.</param>
/// <param name="Hash">Of the record and all before it: who keeps it can tell later that they are still there.</param>
public sealed record AuditEntry(
    long Id, DateTimeOffset At, string Category, string Type, string By, System.Text.Json.JsonElement Details,
    string Hash);
