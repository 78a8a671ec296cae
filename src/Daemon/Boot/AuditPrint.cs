using System.Text.Json;
using Analemma.Abi;
using Analemma.Journal;
using Analemma.Kernel.History;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Boot;

/// <summary>Prints the audit log: the records of the journal that are one, all of the journal checked.</summary>
internal static class AuditPrint
{
    /// <summary>0 when the journal is whole, 1 when it is not. What cannot be read at all throws.</summary>
    public static int Print(string path, TextWriter output)
    {
        var check = JournalCheckup.Check(path);
        List<AuditEntry> entries = [];
        // What comes after a bad record cannot be trusted, and is not shown.
        if (check.Records > 0)
        {
            using var reader = SqliteJournalReader.Open(path);
            entries.AddRange(reader.Read(check.FirstSequence)
                .TakeWhile(record => record.Sequence <= check.LastSequence)
                .Select(Entry).OfType<AuditEntry>());
        }

        var json = AbiJson.Write(new AuditLog(check, entries), AbiJsonContext.Default.AuditLog);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(json));
        return check.Damage is null ? 0 : 1;
    }

    private static AuditEntry? Entry(JournalRecord record) => AuditRecords.CategoryOf(record.Type) is { } category
        ? new AuditEntry(
            record.Sequence,
            new DateTimeOffset(record.Ticks, TimeSpan.Zero),
            category,
            record.Type,
            By(record, out var details),
            details,
            record.Hash.ToString())
        : null;

    private static string By(JournalRecord record, out JsonElement details)
    {
        details = JsonElement.Parse(record.Body.Span);
        var process = details.TryGetProperty("process", out var id) && id.TryGetInt64(out var number) ? number : 0;
        return process != 0 ? $"process {process}"
            : details.TryGetProperty("uid", out var uid) ? $"uid {uid}"
            : "";
    }
}
