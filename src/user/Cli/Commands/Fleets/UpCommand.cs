using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Fleets;
using Analemma.Cli.Output;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Commands.Fleets;

/// <summary>Makes a fleet what its file says, and changes nothing else.</summary>
internal sealed class UpCommand : ICliCommand
{
    private readonly Argument<string> _file = FleetArguments.File();

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "Until all agents are ready, or wait for their clock; tells what happens, and fails if one has.",
    };

    private readonly Option<string?> _timeout = FleetArguments.Timeout();

    private readonly Option<bool> _watch = new("--watch")
    {
        Description = "Stay, and apply the file anew whenever it or a script of it changes, until Ctrl-C.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("up", "Bring up a fleet: start, change and stop its agents as its file says.")
        {
            _file, _wait, _timeout, _watch,
        },
        RunAsync,
        """
          analemma up                        fleet.yaml of this folder
          analemma up news.yaml --wait       and stay until all of it is ready
          analemma up --watch                while you work on its scripts

        Applies the difference only: what did not change goes on running. A file with a problem changes nothing.
        Exit codes: 0 done, 1 refused, or with --wait an agent failed, 2 the file has problems, 3 no kernel runs.
        """);

    private async Task<int> RunAsync(Session session)
    {
        var timeout = Durations.Option(session.Parsed, _timeout);
        if (FleetArguments.Load(session, session.Parsed.GetValue(_file)!) is not { } file)
        {
            return ExitCodes.Usage;
        }

        await using var kernel = await session.ConnectAsync();
        var watch = new FleetWatch(session.Terminal.Time);
        watch.Follow(file.Sources);
        var reply = await FleetChanges.ApplyAsync(session, kernel, file.Declared!);
        if (session.Parsed.GetValue(_wait))
        {
            await new FleetWait(session, kernel, reply.Fleet, timeout).UpAsync(reply.Revision);
        }

        return session.Parsed.GetValue(_watch) ? await WatchAsync(session, kernel, watch) : ExitCodes.Ok;
    }

    /// <summary>A file that is wrong for a while, or refused, is told and waited for.</summary>
    private async Task<int> WatchAsync(Session session, KernelClient kernel, FleetWatch watch)
    {
        while (true)
        {
            await watch.ChangedAsync(session.CancellationToken);
            try
            {
                if (FleetArguments.Load(session, session.Parsed.GetValue(_file)!) is { } file)
                {
                    watch.Follow(file.Sources);
                    await FleetChanges.ApplyAsync(session, kernel, file.Declared!);
                }
            }
            catch (CliException gone)
            {
                ErrorOutput.Write(session.Terminal.Error, session.Json, gone.Code, gone.Message, gone.Hint);
            }
            catch (SyscallException refused)
            {
                ErrorOutput.Write(
                    session.Terminal.Error, session.Json, SysErrorCodes.NameOf(refused.Code), refused.Message,
                    refused.Hint);
            }
        }
    }
}
