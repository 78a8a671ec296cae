using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Restarts the agents of a fleet, whatever state they are in.</summary>
internal sealed class RestartCommand : ICliCommand
{
    private readonly Argument<string[]> _agents = new("AGENT")
    {
        Description = "Which; NAME-2 is one replica. Default all. What ends in .yaml is the fleet file.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _name = FleetArguments.Name();

    private readonly Option<bool> _rolling = new("--rolling")
    {
        Description = "One after the other: the next when the one before is ready again.",
    };

    private readonly Option<bool> _wait = new("--wait") { Description = "Until they are ready again." };

    private readonly Option<string?> _timeout = FleetArguments.Timeout();

    public Command Declare(CommandSet set) => set.Does(
        new Command("restart", "Restart agents of a fleet; also those that were given up.")
        {
            _agents, _name, _rolling, _wait, _timeout,
        },
        RunAsync,
        """
          analemma restart worker --rolling --wait
          analemma restart --fleet newsroom
          analemma restart news.yaml collector worker-2
        """);

    private async Task<int> RunAsync(Session session)
    {
        var timeout = Durations.Option(session.Parsed, _timeout);
        var words = session.Parsed.GetValue(_agents) ?? [];
        var files = words.Where(IsFile).ToList();
        if (files.Count > 1)
        {
            throw CliException.Usage($"{files[0]} and {files[1]} are two fleet files", "restart one fleet at a time");
        }

        var fleet = FleetArguments.NameOf(
            session, session.Parsed.GetValue(_name), files.FirstOrDefault() ?? FleetFile.DefaultName);
        string[] agents = [.. words.Where(word => !IsFile(word))];
        await using var kernel = await session.ConnectAsync();
        await CheckAsync(session, kernel, fleet, agents);
        foreach (var agent in agents is [] ? (string?[])[null] : agents)
        {
            var restart = new FleetRestart
            {
                Fleet = fleet,
                Agent = agent,
                Rolling = session.Parsed.GetValue(_rolling),
            };
            var reply = await kernel.FleetRestartAsync(restart, session.CancellationToken);
            if (session.Json)
            {
                session.WriteJsonLine(reply, AbiJsonContext.Default.FleetRestartReply);
            }
            else
            {
                session.Terminal.Output.WriteLine($"{fleet}: restarts {string.Join(", ", reply.Restarting)}");
            }
        }

        return session.Parsed.GetValue(_wait)
            ? await new FleetWait(session, kernel, fleet, timeout).UpAsync(revision: 0, agents)
            : ExitCodes.Ok;
    }

    /// <summary>All are there before the first is restarted.</summary>
    private static async Task CheckAsync(Session session, KernelClient kernel, string fleet, string[] agents)
    {
        var units = (await kernel.FleetStatusAsync(fleet, session.CancellationToken)).Units;
        if (agents.FirstOrDefault(agent => !units.Any(unit => FleetWait.IsOneOf([agent], unit))) is { } missing)
        {
            throw new CliException(
                "no_such_process", $"there is no process {missing} in fleet {fleet}",
                "see them with `analemma status`; nothing was restarted");
        }
    }

    private static bool IsFile(string word) => word.EndsWith(".yaml", StringComparison.Ordinal)
        || word.EndsWith(".yml", StringComparison.Ordinal) || word.Contains('/', StringComparison.Ordinal);
}
