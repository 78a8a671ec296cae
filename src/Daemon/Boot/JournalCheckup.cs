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
        var check = Check(path);
        if (ExecutionStores.MayHoldSome(workflows))
        {
            check = check with { Workflows = WorkflowJournal.Verify(workflows) };
        }

        var json = AbiJson.Write(check, AbiJsonContext.Default.JournalCheck);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(json));
        return check.IsWhole() ? 0 : 1;
    }

    public static JournalCheck Check(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no journal; no kernel has run with this state folder");
        }

        try
        {
            using var reader = SqliteJournalReader.Open(path);
            var report = JournalVerifier.Verify(reader);
            return new JournalCheck(path, report.Records, report.Anchor.Sequence + 1, report.Last.Sequence)
            {
                CheckpointSequence = report.CheckpointSequence,
                Damage = report.Corruption is { } found ? Damage(found) : null,
            };
        }
        catch (JournalCorruptException found)
        {
            // Already what the store notes about the whole journal is wrong.
            return new JournalCheck(path, 0, 0, 0) { Damage = Damage(found) };
        }
    }

    private static JournalDamage Damage(JournalCorruptException found) =>
        new(found.Sequence, found.What, found.Expected, found.Found);
}
