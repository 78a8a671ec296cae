using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Prints what the kernel counts and measures.</summary>
internal sealed class MetricsCommand : ICliCommand
{
    private readonly Argument<string?> _of = new("name")
    {
        Description = "Only those whose names begin so, such as analemma.model.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Command Declare(CommandSet set)
    {
        var command = new Command("metrics", "Show everything that the kernel counts and measures.");
        command.Arguments.Add(_of);
        return set.Does(command, RunAsync, """
              analemma metrics analemma.model
              analemma metrics --json | jq '.families[] | select(.name == "analemma.agents") | .series'
              docs/guide/observability.md            every metric; Prometheus and OpenTelemetry
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var metrics = await kernel.MetricsAsync(session.CancellationToken);
        if (session.Parsed.GetValue(_of) is { Length: > 0 } prefix)
        {
            metrics = metrics with
            {
                Families = [.. metrics.Families.Where(
                    family => family.Name.StartsWith(prefix, StringComparison.Ordinal))],
            };
        }

        if (session.Json)
        {
            session.WriteJson(metrics, AbiJsonContext.Default.MetricsReply);
        }
        else
        {
            var console = session.Terminal.Console;
            console.Write(MetricsTable.Render(metrics, console.Profile.Width));
        }

        return ExitCodes.Ok;
    }
}
