using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Shows who runs models, who waits for them, and who used what; once or again and again.</summary>
internal sealed class LlmCommand : ICliCommand
{
    private readonly Option<bool> _all = new("--all", "-a") { Description = "Also agents that have ended." };

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Once a second until Ctrl-C, in place on a terminal; with --json, one document a line.",
    };

    public Command Declare(CommandSet set)
    {
        var command = new Command("llm", "Show models: slots, queues, and what each agent used and waited.");
        command.Options.Add(_all);
        command.Options.Add(_watch);
        return set.Does(command, RunAsync, """
              analemma llm --watch
              analemma llm --json | jq '.agents[] | {name, share, throttled, latency_p95_ms}'
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var llm = new Llm { All = session.Parsed.GetValue(_all) };
        var watch = session.Parsed.GetValue(_watch);
        if (watch && !session.Json && session.Terminal.Interactive)
        {
            await LiveTable.ShowAsync(
                session, async () => ModelTables.Both(await kernel.LlmAsync(llm, session.CancellationToken)));
        }

        while (true)
        {
            var models = await kernel.LlmAsync(llm, session.CancellationToken);
            if (!session.Json)
            {
                session.Terminal.Console.Write(ModelTables.Both(models));
            }
            else if (watch)
            {
                session.WriteJsonLine(models, AbiJsonContext.Default.LlmReply);
            }
            else
            {
                session.WriteJson(models, AbiJsonContext.Default.LlmReply);
            }

            if (!watch)
            {
                return ExitCodes.Ok;
            }

            await Task.Delay(LiveTable.Interval, session.Terminal.Time, session.CancellationToken);
        }
    }
}
