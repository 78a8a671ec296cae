using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Asks a model, as an agent would, and prints what it says as it says it.</summary>
internal sealed class ThinkCommand : ICliCommand
{
    private readonly Argument<string> _prompt = new("PROMPT") { Description = "What to ask." };

    private readonly Option<string?> _model = new("--model", "-m")
    {
        HelpName = "MODEL",
        Description = "A model or alias of the kernel's settings. Default: its default model.",
    };

    private readonly Option<string?> _system = new("--system")
    {
        HelpName = "TEXT",
        Description = "Who the model shall be and what it shall heed.",
    };

    private readonly Option<long?> _maxTokens = new("--max-tokens")
    {
        HelpName = "N",
        Description = "The most tokens to answer with, thinking included.",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Give up after this long, queueing included.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("think", "Ask a model.") { _prompt, _model, _system, _maxTokens, _timeout },
        RunAsync,
        """
          analemma think "Why is the sky blue?"
          analemma think "Name a city." --model sim --json | jq -r .content
        """);

    private async Task<int> RunAsync(Session session)
    {
        var think = new Think
        {
            Prompt = session.Parsed.GetValue(_prompt),
            Model = session.Parsed.GetValue(_model),
            SystemInstruction = session.Parsed.GetValue(_system),
            MaxTokens = session.Parsed.GetValue(_maxTokens),
            TimeoutMs = Durations.Option(session.Parsed, _timeout),
        };
        await using var kernel = await session.ConnectAsync();
        if (session.Json)
        {
            session.WriteJson(
                await kernel.ThinkAsync(think, session.CancellationToken), AbiJsonContext.Default.ThinkReply);
            return ExitCodes.Ok;
        }

        var answer = kernel.Think(think);
        await foreach (var piece in answer.WithCancellation(session.CancellationToken))
        {
            session.Terminal.Output.Write(piece);
            await session.Terminal.Output.FlushAsync(session.CancellationToken);
        }

        session.Terminal.Output.WriteLine();
        if (answer.Reply.Simulated)
        {
            session.Terminal.Error.WriteLine("simulated: no model was asked; see `analemma doctor` for providers");
        }

        return ExitCodes.Ok;
    }
}
