namespace Analemma.Abi;

/// <summary>
/// What <c>analemma audit list --json</c> prints: who did what to whom and what was denied, as the journal and its
/// archive have it, and whether they are what was written to them.
/// </summary>
/// <param name="Check">The whole journal, every record checked against the chain of hashes.</param>
/// <param name="Entries">In the order of the journal, as far as it checks out.</param>
public sealed record AuditLog(JournalCheck Check, IReadOnlyList<AuditEntry> Entries);

/// <summary>
/// A line of what <c>analemma-kernel --audit</c> prints: an entry each, however many there are, and the check at last.
/// </summary>
/// <param name="Entry">Nothing in the last line.</param>
/// <param name="Check">Only in the last line.</param>
public sealed record AuditLine(AuditEntry? Entry, JournalCheck? Check);

/// <summary>One record that somebody may want to know of later.</summary>
/// <param name="Id">The sequence of its record in the journal.</param>
/// <param name="At">When.</param>
/// <param name="Category"><c>security</c> (denials, permissions, secrets, budgets) or <c>lifecycle</c>.</param>
/// <param name="Type">The type of the record, such as <c>attempt.denied</c>.</param>
/// <param name="By">Who did it: <c>process N</c>, <c>uid N</c> for a client on the host; empty for the kernel.</param>
/// <param name="Details">The record itself, as JSON.</param>
/// <param name="Hash">Of its record, and of all of the journal before it while that is kept.</param>
/// <param name="Link">
/// Of its record and of all audit records before it, also of those that the journal has forgotten: who keeps it can
/// tell later that they are still what they were.
/// </param>
public sealed record AuditEntry(
    long Id, DateTimeOffset At, string Category, string Type, string By, System.Text.Json.JsonElement Details,
    string Hash, string Link);
