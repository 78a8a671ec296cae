using Analemma.Abi;
using Analemma.Daemon.Runners;
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
        var check = PrintEntries(path, output);
        Write(new AuditLine(null, check), output);
        return check.IsAuditWhole() ? 0 : 1;
    }

    /// <summary>The audit records from a sequence on, those in the archive first, of what checks out.</summary>
    public static IEnumerable<AuditEntry> Read(SqliteJournalReader reader, JournalCheck check, long fromSequence)
    {
        var link = default(ChainHash?);
        if (check.Audit is { } archive)
        {
            // What comes after a bad record cannot be trusted, and is not shown.
            foreach (var archived in reader.ReadArchive(fromSequence).TakeWhile(
                archived => archived.Record.Sequence <= archive.LastSequence))
            {
                yield return Entry(archived.Record, archived.Link);
            }

            link = archive.Damage is null ? reader.ReadArchiveNote()?.Last.Hash : null;
        }

        if (check.Records == 0)
        {
            yield break;
        }

        var before = link ?? reader.Anchor.Hash;
        foreach (var record in reader.Read(check.FirstSequence).TakeWhile(
            record => record.Sequence <= check.LastSequence))
        {
            if (AuditRecords.CategoryOf(record.Type) is null)
            {
                continue;
            }

            before = AuditChain.Next(before, record.Hash);
            if (record.Sequence >= fromSequence)
            {
                yield return Entry(record, before);
            }
        }
    }

    private static JournalCheck PrintEntries(string path, TextWriter output)
    {
        JournalCheckup.MustBeThere(path);
        try
        {
            using var reader = SqliteJournalReader.Open(path);
            var check = JournalCheckup.Check(path, reader);
            foreach (var entry in Read(reader, check, 0))
            {
                Write(new AuditLine(entry, null), output);
            }

            return check;
        }
        catch (JournalCorruptException found)
        {
            return JournalCheckup.Unreadable(path, found);
        }
    }

    private static void Write(AuditLine line, TextWriter output) => output.WriteLine(
        System.Text.Encoding.UTF8.GetString(AbiJson.Write(line, AbiJsonContext.Default.AuditLine)));

    private static AuditEntry Entry(JournalRecord record, ChainHash link) => new(
        record.Sequence,
        new DateTimeOffset(record.Ticks, TimeSpan.Zero),
        AuditRecords.CategoryOf(record.Type) ?? AuditRecords.Lifecycle,
        record.Type,
        AuditRunner.By(record, out var details),
        details,
        record.Hash.ToString(),
        link.ToString());
}
