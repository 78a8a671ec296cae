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
        return await LiveTable.ShowAsync(
            session,
            session.Parsed.GetValue(_watch),
            async () => new ListReply(await kernel.ListAsync(list, session.CancellationToken)),
            (seen, width) => ProcessTable.Render(seen.Processes, width),
            AbiJsonContext.Default.ListReply);
    }
}
