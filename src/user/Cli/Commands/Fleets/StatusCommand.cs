using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets;
using Analemma.Cli.Output;
using Spectre.Console;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Shows how the agents of fleets fare.</summary>
internal sealed class StatusCommand : ICliCommand
{
    private readonly Argument<string?> _file = new("FILE")
    {
        Description = "Only the fleet of this file. Default all fleets.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _name = FleetArguments.Name();

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Once a second until Ctrl-C, in place on a terminal; with --json, one document a line.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("status", "Show the agents of fleets: state, restarts, when they are due, why they ended.")
        {
            _file, _name, _watch,
        },
        RunAsync,
        """
          analemma status
          analemma status --watch --fleet newsroom
          analemma status --json | jq '.units[] | select(.state == "given_up") | .name'
        """);

    private static Text Advice(UnitView unit) => new(Shown.Line($"{unit.Name}: {FleetWait.Advice(unit)}"));

    private async Task<int> RunAsync(Session session)
    {
        var path = session.Parsed.GetValue(_file);
        var name = session.Parsed.GetValue(_name)
            ?? (path is null ? null : FleetArguments.NameOf(session, null, path));
        await using var kernel = await session.ConnectAsync();
        return await LiveTable.ShowAsync(
            session,
            session.Parsed.GetValue(_watch),
            () => kernel.FleetStatusAsync(name, session.CancellationToken),
            (seen, width) => new Rows(
                [FleetTables.Units(seen.Units, width), .. seen.Units.Where(FleetWait.HasFailed).Select(Advice)]),
            AbiJsonContext.Default.FleetStatusReply);
    }
}
