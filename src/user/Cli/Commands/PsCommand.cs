using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Lists processes, once or again and again.</summary>
internal sealed class PsCommand : ICliCommand
{
    private readonly Option<bool> _all = new("--all", "-a") { Description = "Also the dead whose records are kept." };

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Once a second until Ctrl-C, in place on a terminal; with --json, one document a line.",
    };

    public Command Declare(CommandSet set)
    {
        var command = new Command("ps", "List processes: state, use of resources, denied attempts, why they ended.");
        command.Options.Add(_all);
        command.Options.Add(_watch);
        return set.Does(command, RunAsync, """
              analemma ps --all
              analemma ps --json | jq '.processes[] | select(.denied > 0) | .name'
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var list = new List { All = session.Parsed.GetValue(_all) };
        var watch = session.Parsed.GetValue(_watch);
        if (watch && !session.Json && session.Terminal.Interactive)
        {
            await LiveTable.ShowAsync(
                session, async () => ProcessTable.Render(await kernel.ListAsync(list, session.CancellationToken)));
        }

        while (true)
        {
            var processes = await kernel.ListAsync(list, session.CancellationToken);
            if (!session.Json)
            {
                session.Terminal.Console.Write(ProcessTable.Render(processes));
            }
            else if (watch)
            {
                session.WriteJsonLine(new ListReply(processes), AbiJsonContext.Default.ListReply);
            }
            else
            {
                session.WriteJson(new ListReply(processes), AbiJsonContext.Default.ListReply);
            }

            if (!watch)
            {
                return ExitCodes.Ok;
            }

            await Task.Delay(LiveTable.Interval, session.Terminal.Time, session.CancellationToken);
        }
    }
}
