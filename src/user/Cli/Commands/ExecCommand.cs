using System.CommandLine;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Runs a command inside an agent's sandbox, with its output and exit code as if it ran here.</summary>
internal sealed class ExecCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "A program and its arguments, after --.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Kill it after this long. Default 30s.",
    };

    private readonly Option<string?> _cwd = new("--cwd")
    {
        HelpName = "PATH",
        Description = "Its working folder inside. Default /work.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("exec", "Run a command inside an agent's sandbox.") { _agent, _command, _timeout, _cwd },
        RunAsync,
        """
          analemma exec healthy -- ls -l /work
          analemma exec healthy -- sh -c 'ps aux | wc -l'
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        var exec = kernel.Exec(new Exec
        {
            Id = target.Id,
            Name = target.Name,
            Argv = session.Parsed.GetValue(_command),
            Cwd = session.Parsed.GetValue(_cwd),
            TimeoutMs = Durations.Option(session.Parsed, _timeout),
        });
        await AgentOutput.CopyAsync(exec, session, session.CancellationToken);
        if (exec.Reply.Truncated)
        {
            session.Terminal.Error.WriteLine("warning: output beyond 16 MiB was dropped");
        }

        if (exec.Reply.TimedOut)
        {
            throw new CliException(
                "timed_out", "the command was killed at its time limit", "give it longer with --timeout");
        }

        return exec.Reply.ExitCode;
    }
}
