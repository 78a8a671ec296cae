using System.CommandLine;
using Analemma.Cli.Fleets;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Applies a fleet's file anew to a fleet that is up: scripts that changed are taken over.</summary>
internal sealed class ReloadCommand : ICliCommand
{
    private readonly Argument<string> _file = FleetArguments.File();

    private readonly Option<bool> _wait = new("--wait") { Description = "Until all agents are ready again." };

    private readonly Option<string?> _timeout = FleetArguments.Timeout();

    public Command Declare(CommandSet set) => set.Does(
        new Command("reload", "Take over changed scripts, and changes of the file, of a fleet that is up.")
        {
            _file, _wait, _timeout,
        },
        RunAsync,
        """
          analemma reload
          analemma reload news.yaml --wait

        Agents whose script has other contents are restarted; the others go on running.
        """);

    private async Task<int> RunAsync(Session session)
    {
        var timeout = Durations.Option(session.Parsed, _timeout);
        if (FleetArguments.Load(session, session.Parsed.GetValue(_file)!) is not { } file)
        {
            return ExitCodes.Usage;
        }

        await using var kernel = await session.ConnectAsync();

        // Refused when there is no such fleet: what is not up is brought up on purpose.
        await kernel.FleetStatusAsync(file.Declared!.Fleet, session.CancellationToken);
        var reply = await FleetChanges.ApplyAsync(session, kernel, file.Declared);
        return session.Parsed.GetValue(_wait)
            ? await new FleetWait(session, kernel, reply.Fleet, timeout).UpAsync(reply.Revision)
            : ExitCodes.Ok;
    }
}
