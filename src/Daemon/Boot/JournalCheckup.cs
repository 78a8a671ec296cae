using Analemma.Abi;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Boot;

/// <summary>
/// Checks a journal from its first record to its last, also what a start would not read because a checkpoint stands for
/// it, and the executions of workflows, which have a store of their own; and prints what it found. Changes nothing, and
/// may run beside the kernel whose journal it is.
/// </summary>
internal static class JournalCheckup
{
    /// <summary>0 when the journal is whole, 1 when it is not. What cannot be read at all throws.</summary>
    public static int Print(string path, WorkflowOptions workflows, TextWriter output)
    {
        var mayHoldSome = ExecutionStores.MayHoldSome(workflows);
        // Workflows that were imported are there before any kernel has run.
        var check = mayHoldSome && !File.Exists(path) ? new JournalCheck(path, 0, 0, 0) : Check(path);
        if (mayHoldSome)
        {
            check = check with { Workflows = WorkflowJournal.Verify(workflows) };
        }

        var json = AbiJson.Write(check, AbiJsonContext.Default.JournalCheck);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(json));
        return check.IsWhole() ? 0 : 1;
    }

    public static JournalCheck Check(string path)
    {
        MustBeThere(path);
        try
        {
            using var reader = SqliteJournalReader.Open(path);
            return Check(path, reader);
        }
        catch (JournalCorruptException found)
        {
            return Unreadable(path, found);
        }
    }

    public static void MustBeThere(string path)
    {
        if (!File.Exists(path))
        {
            throw new JournalStoreException(
                JournalStoreFailure.Absent, $"{path}: there is no journal; no kernel has run with this state folder");
        }
    }

    public static JournalCheck Check(string path, SqliteJournalReader reader)
    {
        var report = JournalVerifier.Verify(reader);
        return new JournalCheck(path, report.Records, report.Anchor.Sequence + 1, report.Last.Sequence)
        {
            CheckpointSequence = report.CheckpointSequence,
            Audit = CheckArchive(reader),
            Damage = report.Corruption is { } found ? Damage(found) : null,
        };
    }

    /// <summary>Already what the store notes about the whole journal is wrong.</summary>
    public static JournalCheck Unreadable(string path, JournalCorruptException found) =>
        new(path, 0, 0, 0) { Damage = Damage(found) };

    private static AuditArchiveCheck? CheckArchive(SqliteJournalReader reader)
    {
        AuditArchiveCheck check = new(0, 0, 0, 0);
        try
        {
            if (reader.ReadArchiveNote() is not { } note)
            {
                return null;
            }

            check = check with { Bytes = note.Bytes, HasDropped = note.Anchor.Sequence > 0 };
            foreach (var archived in AuditChain.Checked(note, reader.ReadArchive(), reader.Anchor))
            {
                var sequence = archived.Record.Sequence;
                check = check with
                {
                    Records = check.Records + 1,
                    FirstSequence = check.Records == 0 ? sequence : check.FirstSequence,
                    LastSequence = sequence,
                };
            }

            return check;
        }
        catch (JournalCorruptException found)
        {
            return check with { Damage = Damage(found) };
        }
    }

    private static JournalDamage Damage(JournalCorruptException found) =>
        new(found.Sequence, found.What, found.Expected, found.Found);
}
