using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>The table of <c>ps</c>, redrawn in place, with the busiest first.</summary>
internal sealed class TopCommand : ICliCommand
{
    public Command Declare(CommandSet set) => set.Does(
        new Command("top", "Watch processes live, the busiest first. Ctrl-C ends it."),
        RunAsync,
        """
          analemma top
          analemma ps --watch --json                       the same for a program
        """);

    private static async Task<int> RunAsync(Session session)
    {
        if (session.Json || !session.Terminal.Interactive)
        {
            throw CliException.Usage("top redraws a terminal", "for a program: analemma ps --watch --json");
        }

        await using var kernel = await session.ConnectAsync();
        var busiest = new Busiest();
        await LiveTable.RedrawAsync(session, async () => ProcessTable.Render(
            busiest.Order(await kernel.ListAsync(null, session.CancellationToken)),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }
}

/// <summary>Orders by CPU used since the last look, then by memory.</summary>
internal sealed class Busiest
{
    private Dictionary<ProcessId, long> _before = [];

    public IReadOnlyList<ProcessView> Order(IReadOnlyList<ProcessView> processes)
    {
        var before = _before;
        _before = processes.ToDictionary(process => process.Id, process => process.CpuMs);
        return
        [
            .. processes
                .OrderByDescending(process => process.CpuMs - before.GetValueOrDefault(process.Id))
                .ThenByDescending(process => process.MemoryBytes)
                .ThenBy(process => process.Id),
        ];
    }
}
