using System.CommandLine;
using Analemma.Cli.Fleets;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Shows what <c>up</c> would change, and changes nothing.</summary>
internal sealed class DiffCommand : ICliCommand
{
    private readonly Argument<string> _file = FleetArguments.File();

    private readonly Option<bool> _exitCode = new("--exit-code")
    {
        Description = "Exit with 1 when there is a difference.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("diff", "Show what `analemma up` would change.") { _file, _exitCode },
        RunAsync,
        """
          analemma diff
          analemma diff news.yaml --json | jq .changed

        + is added, ~ differs (restart: what runs is replaced; update: it goes on running), - is removed.
        Exit codes: 0 done, 1 with --exit-code there is a difference, 2 the file has problems, 3 no kernel runs.
        """);

    private async Task<int> RunAsync(Session session)
    {
        if (FleetArguments.Load(session, session.Parsed.GetValue(_file)!) is not { } file)
        {
            return ExitCodes.Usage;
        }

        await using var kernel = await session.ConnectAsync();
        var reply = await FleetChanges.ApplyAsync(session, kernel, file.Declared! with { DryRun = true });
        return session.Parsed.GetValue(_exitCode) && FleetTables.Differs(reply) ? ExitCodes.Failure : ExitCodes.Ok;
    }
}
