using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Ends agents, each with all that it started.</summary>
internal sealed class KillCommand : ICliCommand
{
    private readonly Argument<string[]> _agents = Target.Arguments();

    private readonly Option<string?> _grace = new("--grace")
    {
        HelpName = "TIME",
        Description = "Between SIGTERM and the kill of everything inside. Default 2s; 0ms kills at once.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("kill", "End agents and everything that they started.") { _agents, _grace },
        RunAsync,
        """
          analemma kill mem-hog
          analemma kill --grace 0ms fork-bomb cpu-hog
        """);

    private async Task<int> RunAsync(Session session)
    {
        var graceMs = Durations.Option(session.Parsed, _grace);
        await using var kernel = await session.ConnectAsync();
        var killing = session.Parsed.GetValue(_agents)!.Select(Target.Parse).Select(target => kernel.KillAsync(
            new Kill { Id = target.Id, Name = target.Name, GraceMs = graceMs }, session.CancellationToken)).ToList();
        var code = ExitCodes.Ok;
        foreach (var one in killing)
        {
            try
            {
                Print(session, await one);
            }
            catch (SyscallException refused)
            {
                // One that is not there leaves the others ended all the same.
                code = ExitCodes.Failure;
                ErrorOutput.Write(
                    session.Terminal.Error, session.Json, refused.Error.CodeName, refused.Message, refused.Hint);
            }
        }

        return code;
    }

    private static void Print(Session session, KillReply reply)
    {
        if (session.Json)
        {
            session.WriteJsonLine(reply, AbiJsonContext.Default.KillReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{reply.AgentId} has ended: {ExitText.Of(reply.Exit)}");
        }
    }
}
