using System.CommandLine;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Prints what an agent wrote, standard error on standard error.</summary>
internal sealed class LogsCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until it ends." };

    private readonly Option<int?> _tail = new("--tail", "-n")
    {
        HelpName = "N",
        Description = "Only the last N lines of what is there.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("logs", "Print an agent's output.") { _agent, _follow, _tail },
        RunAsync,
        """
          analemma logs healthy -f --tail 20
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        var logs = kernel.Logs(new Logs
        {
            Id = target.Id,
            Name = target.Name,
            Follow = session.Parsed.GetValue(_follow),
            Tail = session.Parsed.GetValue(_tail),
        });
        await AgentOutput.CopyAsync(logs, session, session.CancellationToken);
        if (logs.Reply.Dropped > 0)
        {
            session.Terminal.Error.WriteLine(
                $"warning: {logs.Reply.Dropped} older bytes were dropped at the log limit");
        }

        return ExitCodes.Ok;
    }
}
