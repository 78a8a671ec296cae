using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Host;

namespace Analemma.Cli.Commands;

/// <summary>Checks the journal of a state folder, whether its kernel runs or not.</summary>
internal sealed class JournalCommand : ICliCommand
{
    private static readonly TimeSpan CheckMax = TimeSpan.FromHours(1);

    private readonly KernelSettings _settings = new();

    public Command Declare(CommandSet set)
    {
        var verify = new Command(
            "verify",
            "Check every record of the journal against the chain of hashes. Exit code 1, and the first bad record, "
                + "if it is not whole.");
        _settings.AddTo(verify);
        return new Command("journal", "The record of what the kernel has decided.")
        {
            set.Does(verify, VerifyAsync, """
                  analemma journal verify
                  analemma journal verify --set kernel.state_folder=/mnt/backup/analemma
                  analemma journal verify --json | jq .damage.sequence
                """),
        };
    }

    private async Task<int> VerifyAsync(Session session)
    {
        var check = await KernelQuestion.AskAsync(
            session,
            ["--verify-journal", .. _settings.Arguments(session)],
            AbiJsonContext.Default.JournalCheck,
            CheckMax,
            "journal_unreadable");
        var code = check.Damage is null ? ExitCodes.Ok : ExitCodes.Failure;
        if (session.Json)
        {
            session.WriteJson(check, AbiJsonContext.Default.JournalCheck);
            return code;
        }

        var output = session.Terminal.Output;
        output.WriteLine(Kept(check));
        output.WriteLine(check.Damage is { } damage
            ? $"{Place(damage)} is not what was written: {damage.What} is {damage.Found}, expected {damage.Expected}"
            : "the journal is whole");
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
}
