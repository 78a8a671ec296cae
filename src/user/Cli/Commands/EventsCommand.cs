using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Follows what happens: starts, ends, denied attempts.</summary>
internal sealed class EventsCommand : ICliCommand
{
    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Accepted for habit's sake: events are always followed.",
    };

    private readonly Option<string[]> _type = new("--type")
    {
        HelpName = "TYPE",
        Description = $"Only events of this type: {string.Join(", ", EventTypes.All)}. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("events", "Follow what happens, until Ctrl-C.") { _follow, _type },
        RunAsync,
        """
          analemma events -f --type denied
          analemma events -f --json | jq .reason
        """);

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var types = session.Parsed.GetValue(_type);
        var subscribe = new Subscribe { Types = types is { Length: > 0 } ? types : null };
        await foreach (var happened in kernel.Events(subscribe, session.CancellationToken))
        {
            if (session.Json)
            {
                session.WriteJsonLine(happened, AbiJsonContext.Default.EventView);
            }
            else
            {
                session.Terminal.Output.WriteLine(Line(happened));
            }
        }

        return ExitCodes.Ok;
    }

    private static string Line(EventView happened)
    {
        var parts = new[]
        {
            happened.At.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
            happened.Type,
            happened.Name ?? happened.Process?.ToString(),
            happened.Kind,
            happened.What,
            happened.Exit is null ? null : ExitText.Of(happened.Exit),
            happened.Count is > 1 and { } count ? $"({count} times)" : null,
            happened.Reason is null ? null : $"— {happened.Reason}",
        };
        return string.Join("  ", parts.OfType<string>());
    }
}
