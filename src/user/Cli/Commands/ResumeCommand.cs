using System.CommandLine;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Lets a paused agent go on.</summary>
internal sealed class ResumeCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    public Command Declare(CommandSet set) => set.Does(
        new Command("resume", "Let a paused agent go on.") { _agent },
        RunAsync,
        """
          analemma resume worker
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        PauseCommand.Print(session, await kernel.ResumeAsync(
            new Resume { Id = target.Id, Name = target.Name }, session.CancellationToken));
        return ExitCodes.Ok;
    }
}
