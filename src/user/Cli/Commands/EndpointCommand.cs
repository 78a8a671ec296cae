using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Prints what a shell takes in, so that a program on the host finds the kernel for its provider.</summary>
internal sealed class EndpointCommand : ICliCommand
{
    private readonly Argument<string?> _agent = new("AGENT")
    {
        Description = "Whose budget and share it uses: a name, or an id. Default: a client on the host.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("endpoint", "Let a program on the host use the kernel as its model provider.") { _agent },
        RunAsync,
        """
          eval "$(analemma endpoint)"; python3 uses_openai.py
          eval "$(analemma endpoint worker)"                  counts for that agent
          analemma endpoint --json | jq -r .token
        """);

    private async Task<int> RunAsync(Session session)
    {
        var target = session.Parsed.GetValue(_agent) is { } named ? Target.Parse(named) : default;
        await using var kernel = await session.ConnectAsync();
        var endpoint = await kernel.EndpointAsync(
            new Endpoint { Id = target.Id, Name = target.Name }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(endpoint, AbiJsonContext.Default.EndpointReply);
            return ExitCodes.Ok;
        }

        // Neither addresses nor tokens have a character that a shell would look at.
        foreach (var (name, value) in endpoint.Variables.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            session.Terminal.Output.WriteLine($"export {name}={value}");
        }

        return ExitCodes.Ok;
    }
}
