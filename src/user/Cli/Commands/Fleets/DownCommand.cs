using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Fleets;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Stops a fleet and lets the kernel forget it.</summary>
internal sealed class DownCommand : ICliCommand
{
    private readonly Argument<string> _file = FleetArguments.File();

    private readonly Option<string?> _name = FleetArguments.Name();

    private readonly Option<bool> _wait = new("--wait") { Description = "Until the last agent has ended." };

    private readonly Option<string?> _timeout = FleetArguments.Timeout();

    public Command Declare(CommandSet set) => set.Does(
        new Command("down", "Stop a fleet, dependants first, and forget it.") { _file, _name, _wait, _timeout },
        RunAsync,
        """
          analemma down --wait
          analemma down --fleet newsroom
        """);

    private async Task<int> RunAsync(Session session)
    {
        var timeout = Durations.Option(session.Parsed, _timeout);
        var fleet = FleetArguments.NameOf(
            session, session.Parsed.GetValue(_name), session.Parsed.GetValue(_file)!);
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.FleetDownAsync(fleet, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJsonLine(reply, AbiJsonContext.Default.FleetDownReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{fleet}: {Plural.Of(reply.Stopping, "agent")} to stop");
        }

        return session.Parsed.GetValue(_wait)
            ? await new FleetWait(session, kernel, fleet, timeout).DownAsync()
            : ExitCodes.Ok;
    }
}
