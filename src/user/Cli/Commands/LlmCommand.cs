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
              analemma llm --json | jq '.agents[] | {name, tokens: (.usage.input_tokens + .usage.output_tokens)}'
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var llm = new Llm { All = session.Parsed.GetValue(_all) };
        return await LiveTable.ShowAsync(
            session,
            session.Parsed.GetValue(_watch),
            () => kernel.LlmAsync(llm, session.CancellationToken),
            ModelTables.Render,
            AbiJsonContext.Default.LlmReply);
    }
}
