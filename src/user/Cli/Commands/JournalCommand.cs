using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Host;

namespace Analemma.Cli.Commands;

/// <summary>Checks, copies and compacts the journals of a state folder: the kernel's, and that of workflows.</summary>
internal sealed class JournalCommand : ICliCommand
{
    private static readonly TimeSpan CheckMax = TimeSpan.FromHours(1);

    private readonly KernelSettings _settings = new();
    private readonly Argument<string> _file = new("FILE") { Description = "A file of JSON lines." };

    private readonly Option<bool> _withoutPayloads = new("--without-payloads")
    {
        Description = "Leave large payloads out: they are copied otherwise, or not wanted.",
    };

    public Command Declare(CommandSet set) => set.Explain(
        new Command("journal", "The record of what the kernel has decided, and of what workflows did.")
        {
            Verify(set),
            Export(set),
            Import(set),
            Compact(set),
        },
        """
          analemma journal verify
          analemma journal export workflows.jsonl
        """);

    private Command Verify(CommandSet set)
    {
        var verify = new Command(
            "verify",
            "Check every record of the journal and of workflows against the chains of hashes. Exit code 1, and the "
                + "first bad record, if one is not whole.");
        _settings.AddTo(verify);
        return set.Does(verify, VerifyAsync, """
              analemma journal verify
              analemma journal verify --set kernel.state_folder=/mnt/backup/analemma
              analemma journal verify --json | jq .damage.sequence
            """);
    }

    private Command Export(CommandSet set)
    {
        var export = new Command(
            "export",
            "Write all workflows, their executions, histories and payloads to a new file, for the owner's eyes alone: "
                + "tokens of tasks follow from it. May run beside the kernel.");
        export.Arguments.Add(_file);
        export.Options.Add(_withoutPayloads);
        _settings.AddTo(export);
        return set.Does(export, session => ArchiveAsync(session, "--export-workflows"), """
              analemma journal export workflows.jsonl
              analemma journal export histories.jsonl --without-payloads
            """);
    }

    private Command Import(CommandSet set)
    {
        var import = new Command(
            "import",
            "Bring workflows from such a file into a store that has none. All chains of hashes and all payloads are "
                + "checked before "
                + "anything is written. No kernel may run.");
        import.Arguments.Add(_file);
        _settings.AddTo(import);
        return set.Does(import, session => ArchiveAsync(session, "--import-workflows"), """
              analemma journal import workflows.jsonl --set kernel.state_folder=/var/lib/other
            """);
    }

    private Command Compact(CommandSet set)
    {
        var compact = new Command("compact", "Give back the room that databases no longer use. No kernel may run.");
        _settings.AddTo(compact);
        return set.Does(compact, CompactAsync, """
              analemma kernel stop && analemma journal compact
            """);
    }

    private async Task<int> ArchiveAsync(Session session, string flag)
    {
        var file = Path.GetFullPath(session.Parsed.GetValue(_file)!);
        var archive = await KernelQuestion.AskAsync(
            session,
            session.Parsed.GetValue(_withoutPayloads)
                ? [$"{flag}={file}", "--without-payloads", .. _settings.ArgumentsOfState(session)]
                : [$"{flag}={file}", .. _settings.ArgumentsOfState(session)],
            AbiJsonContext.Default.WorkflowArchive,
            CheckMax,
            "journal_unreadable");
        if (session.Json)
        {
            session.WriteJson(archive, AbiJsonContext.Default.WorkflowArchive);
        }
        else
        {
            session.Terminal.Output.WriteLine(
                $"{archive.Path}: {archive.Executions} executions with {archive.Records} records, "
                    + $"{archive.Documents} documents, {archive.Payloads} large payloads");
        }

        if (archive.MissingPayloads > 0)
        {
            session.Terminal.Error.WriteLine(
                $"warning: {archive.MissingPayloads} payloads that executions refer to are not here: copy "
                    + "workflows.payload_folder, or set workflows.payload_s3 to their bucket");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> CompactAsync(Session session)
    {
        var done = await KernelQuestion.AskAsync(
            session,
            ["--compact-journal", .. _settings.ArgumentsOfState(session)],
            AbiJsonContext.Default.JournalCompaction,
            CheckMax,
            "journal_unreadable");
        if (session.Json)
        {
            session.WriteJson(done, AbiJsonContext.Default.JournalCompaction);
            return ExitCodes.Ok;
        }

        foreach (var file in done.Files)
        {
            session.Terminal.Output.WriteLine($"{file.Path}: {file.BytesBefore} bytes before, {file.BytesAfter} now");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> VerifyAsync(Session session)
    {
        var check = await KernelQuestion.AskAsync(
            session,
            ["--verify-journal", .. _settings.ArgumentsOfState(session)],
            AbiJsonContext.Default.JournalCheck,
            CheckMax,
            "journal_unreadable");
        var code = check.IsWhole() ? ExitCodes.Ok : ExitCodes.Failure;
        if (session.Json)
        {
            session.WriteJson(check, AbiJsonContext.Default.JournalCheck);
            return code;
        }

        var output = session.Terminal.Output;
        output.WriteLine(Kept(check));
        output.WriteLine(check.Damage is { } damage ? $"{Place(damage)} {Wrong(damage)}" : "the journal is whole");
        if (check.Audit is { } audit)
        {
            output.WriteLine($"the archive of the audit log: {audit.Records} records check out");
            if (audit.Damage is { } bad)
            {
                output.WriteLine($"{Place(bad)} {Wrong(bad)}");
            }
        }

        if (check.Workflows is { } workflows)
        {
            output.WriteLine(
                $"{workflows.Store}: {workflows.Records} records of {workflows.Executions} executions check out"
                + (workflows.Snapshots > 0 ? $", and {workflows.Snapshots} snapshots" : ""));
            foreach (var each in workflows.Damaged)
            {
                output.WriteLine(
                    $"{each.Execution}, event {each.Event}: record {each.Damage.Sequence} {Wrong(each.Damage)}");
            }
        }

        return code;
    }

    private static string Kept(JournalCheck check)
    {
        var range = check.Records == 0 ? "" : $", {check.FirstSequence} to {check.LastSequence}";
        var checkpoint = check.CheckpointSequence is { } at ? $", checkpoint at {at}" : ", no checkpoint";
        return $"{check.Path}: {check.Records} records check out{range}{checkpoint}";
    }

    private static string Place(JournalDamage damage) =>
        damage.Sequence == 0 ? "what the journal says of itself" : $"record {damage.Sequence}";

    private static string Wrong(JournalDamage damage) =>
        $"is not what was written: {damage.What} is {damage.Found}, expected {damage.Expected}";
}
