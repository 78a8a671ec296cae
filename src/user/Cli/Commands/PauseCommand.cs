using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Freezes an agent with everything in it.</summary>
internal sealed class PauseCommand : ICliCommand
{
    private readonly Argument<string> _agent = Target.Argument();

    public Command Declare(CommandSet set) => set.Does(
        new Command("pause", "Freeze an agent: nothing of it runs until resume.") { _agent },
        RunAsync,
        """
          analemma pause worker
          analemma pause 7 && analemma inspect 7 && analemma resume 7
        """);

    internal static void Print(Session session, PauseReply reply)
    {
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.PauseReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(reply.State == ProcessState.Paused
                ? $"{reply.AgentId} is paused"
                : $"{reply.AgentId} runs again");
        }
    }

    private async Task<int> RunAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        Print(session, await kernel.PauseAsync(
            new Pause { Id = target.Id, Name = target.Name }, session.CancellationToken));
        return ExitCodes.Ok;
    }
}
