using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Waits for an agent's end and exits as it did.</summary>
internal sealed class WaitCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Give up after this long, such as 30s.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("wait", "Wait until an agent has ended, and exit with its code.") { _agent, _timeout },
        RunAsync,
        """
          analemma wait worker && echo done
          analemma wait 7 --timeout 30s

        An agent that was ended by a signal has the exit code 128 and its number; any other end, and a time-out, 1.
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        var end = await kernel.WaitAsync(
            new Wait
            {
                Id = target.Id,
                Name = target.Name,
                TimeoutMs = Durations.Option(session.Parsed, _timeout),
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(end, AbiJsonContext.Default.ProcessView);
        }

        return AgentOutput.ExitCode(end, session.Terminal);
    }
}
