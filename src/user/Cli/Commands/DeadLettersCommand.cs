using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Shows messages that nobody will be given, and why.</summary>
internal sealed class DeadLettersCommand : ICliCommand
{
    private readonly Argument<string?> _mailbox = new("mailbox")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "MAILBOX",
        Description = "Only those of this mailbox.",
    };

    private readonly Option<int> _max = new("--max", "-n")
    {
        HelpName = "N",
        Description = "At most so many, up to 1000.",
        DefaultValueFactory = _ => 100,
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("dead-letters", "Show messages that nobody will be given, the latest first.") { _mailbox, _max },
        RunAsync,
        "  analemma dead-letters jobs --json | jq '.list[].body'");

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var dead = await kernel.DeadLettersAsync(
            new DeadLetters
            {
                Mailbox = session.Parsed.GetValue(_mailbox),
                Max = session.Parsed.GetValue(_max),
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(dead, AbiJsonContext.Default.DeadLettersReply);
        }
        else
        {
            session.Terminal.Console.Write(MailText.Dead(dead.List, session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }
}
