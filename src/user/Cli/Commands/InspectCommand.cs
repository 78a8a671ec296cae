using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Everything that the kernel knows of one agent.</summary>
internal sealed class InspectCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    public Command Declare(CommandSet set) => set.Does(
        new Command("inspect", "Show everything about one agent, living or dead.") { _agent },
        RunAsync,
        """
          analemma inspect worker
          analemma inspect 7 --json | jq .exit             of one that has ended, by its id
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        var process = await kernel.InspectAsync(
            new Inspect { Id = target.Id, Name = target.Name }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(process, AbiJsonContext.Default.ProcessView);
            return ExitCodes.Ok;
        }

        foreach (var (label, value) in ProcessSheet.Lines(process))
        {
            session.Terminal.Output.WriteLine($"{label,-12}{value}");
        }

        return ExitCodes.Ok;
    }
}
