using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Starts an agent, and with <c>--follow</c> stays with it until it ends.</summary>
internal sealed class SpawnCommand : ICliCommand
{
    private readonly SpawnOptions _options = new();

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Print its output until it ends, then exit with its code.",
    };

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "Wait until it ends without printing its output, then exit with its code.",
    };

    public Command Declare(CommandSet set)
    {
        var command = new Command("spawn", "Start an agent in a sandbox of its own.");
        _options.AddTo(command);
        command.Options.Add(_follow);
        command.Options.Add(_wait);
        return set.Does(command, RunAsync, """
              analemma spawn agent.py                       run a Python script
              analemma spawn -f agent.py one two            with arguments, and follow its output
              analemma spawn --memory 64M --pids 16 a.py    within limits
              analemma spawn --name greeter -- sh -c 'echo hello'
              analemma spawn --require memory --require pids a.py
              analemma spawn --allow "GET https://api.github.com/repos/" a.py
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        var spawn = _options.Read(session.Parsed, session.Terminal.Environment);
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.SpawnAsync(spawn, session.CancellationToken);
        foreach (var missing in reply.Missing ?? [])
        {
            var why = spawn.Sandboxed == false ? "for an agent without a sandbox"
                : spawn.Network is { IsShared: true } && missing == GuaranteeNames.Network
                    ? "for an agent that shares the host's"
                    : "on this host; see `analemma doctor`";
            session.Terminal.Error.WriteLine($"warning: {missing} is not enforced {why}");
        }

        if (!session.Parsed.GetValue(_follow) && !session.Parsed.GetValue(_wait))
        {
            Print(session, reply);
            return ExitCodes.Ok;
        }

        return await StayAsync(session, kernel, reply);
    }

    /// <summary>
    /// Whoever follows an agent and leaves, by Ctrl-C or because nobody reads, ends it too, as with a program in the
    /// foreground.
    /// </summary>
    private async Task<int> StayAsync(Session session, KernelClient kernel, SpawnReply agent)
    {
        try
        {
            if (session.Parsed.GetValue(_follow))
            {
                await AgentOutput.CopyAsync(
                    kernel.Logs(new Logs { Id = agent.Id, Follow = true }), session, session.CancellationToken);
            }

            var end = await kernel.WaitAsync(new Wait { Id = agent.Id }, session.CancellationToken);
            if (session.Json)
            {
                session.WriteJson(end, AbiJsonContext.Default.ProcessView);
            }

            return AgentOutput.ExitCode(end, session.Terminal);
        }
        catch (Exception left) when (left is OperationCanceledException or IOException { HResult: Session.BrokenPipe })
        {
            await kernel.KillAsync(new Kill { Id = agent.Id, GraceMs = 1000 }, CancellationToken.None);
            throw;
        }
    }

    private static void Print(Session session, SpawnReply reply)
    {
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.SpawnReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{reply.Name} runs: id {reply.Id}, pid {reply.Pid}");
        }
    }
}
