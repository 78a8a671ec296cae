using Analemma.Journal;
using Analemma.Kernel.History;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[journal]</c> section of the machine file.</summary>
internal sealed record JournalSection
{
    private const long AuditBytesHighest = 1L << 40;

    private const int AuditDaysHighest = 36_500;

    [Setting("The journal's database.", DefaultText = "journal.db in kernel.state_folder")]
    public string Path { get; init; } = "";

    [Setting("Bytes of audit records that are kept when the journal forgets them, the newest; 0 for none.")]
    public long AuditBytes { get; init; } = 1024 * 1024 * 1024;

    [Setting("Days for which they are kept; 0 for as long as there is room.")]
    public int AuditDays { get; init; }

    public AuditKeeping ToKeeping(TimeProvider time) => new(
        type => AuditRecords.CategoryOf(type) is not null, AuditBytes, TimeSpan.FromDays(AuditDays), time);

    public IEnumerable<string> Problems()
    {
        if (AuditBytes is < 0 or > AuditBytesHighest)
        {
            yield return $"journal.audit_bytes is {AuditBytes}; it must be 0 to {AuditBytesHighest}";
        }

        if (AuditDays is < 0 or > AuditDaysHighest)
        {
            yield return $"journal.audit_days is {AuditDays}; it must be 0 to {AuditDaysHighest}";
        }

        if (!Path.StartsWith('/'))
        {
            yield return $"journal.path is '{Path}'; it must be an absolute path";
        }
    }
}
