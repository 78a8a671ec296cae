using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Tells what happens and what has: starts, ends, denied attempts, and what agents emit.</summary>
internal sealed class EventsCommand : ICliCommand
{
    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Go on until Ctrl-C, also after --from. Without --from events are always followed.",
    };

    private readonly Option<string[]> _type = new("--type")
    {
        HelpName = "TYPE",
        Description = $"Only events of this type, * for any text: {string.Join(", ", EventTypes.All)}, or NAME/TYPE as "
            + "agents emit them. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _agent = new("--agent")
    {
        HelpName = "AGENT",
        Description = "Only events about this process: its name, or its id.",
    };

    private readonly Option<string[]> _where = new("--where")
    {
        HelpName = "FIELD=VALUE",
        Description = "Only events in which a field has a value: kind, what, reason, exit.cause, exit.code, "
            + "data.PATH. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "CURSOR",
        Description = "Begin after the event of this cursor, or with the oldest that is kept (oldest).",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("events", "Follow what happens, until Ctrl-C; or show what has happened.")
        {
            _follow, _type, _agent, _where, _from,
        },
        RunAsync,
        """
          analemma events -f --type denied
          analemma events -f --json | jq .reason
          analemma events --from oldest --type exited --where exit.cause=oom-killed
          analemma events -f --type 'worker/*'             what worker emits
        """);

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var types = session.Parsed.GetValue(_type);
        var subscribe = new Subscribe
        {
            Types = types is { Length: > 0 } ? types : null,
            Agent = session.Parsed.GetValue(_agent),
            Where = Fields(session.Parsed.GetValue(_where) ?? []),
            From = session.Parsed.GetValue(_from),
        };
        if (subscribe.From is not null && !session.Parsed.GetValue(_follow))
        {
            await ShowAsync(session, kernel, subscribe);
            return ExitCodes.Ok;
        }

        await foreach (var happened in kernel.Events(subscribe, session.CancellationToken))
        {
            Print(session, happened);
        }

        return ExitCodes.Ok;
    }

    private static async Task ShowAsync(Session session, KernelClient kernel, Subscribe from)
    {
        var poll = new PollEvents { Types = from.Types, Agent = from.Agent, Where = from.Where, From = from.From };
        while (true)
        {
            var reply = await kernel.PollEventsAsync(poll, session.CancellationToken);
            foreach (var happened in reply.Events)
            {
                Print(session, happened);
            }

            if (reply.Cursor == poll.From || reply.Events.Count == 0)
            {
                return;
            }

            poll = poll with { From = reply.Cursor };
        }
    }

    private static Dictionary<string, string>? Fields(string[] pairs)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            fields[at > 0 ? pair[..at] : throw CliException.Usage($"--where {pair} is not FIELD=VALUE")] =
                pair[(at + 1)..];
        }

        return fields.Count > 0 ? fields : null;
    }

    private static void Print(Session session, EventView happened)
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

    private static string Line(EventView happened)
    {
        var parts = new[]
        {
            happened.At.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
            happened.Type,
            happened.Type.Contains('/', StringComparison.Ordinal)
                ? null : happened.Name ?? happened.Process?.ToString(),
            happened.Kind,
            happened.What,
            happened.Exit is null ? null : ExitText.Of(happened.Exit),
            happened.Count is > 1 and { } count ? $"({count} times)" : null,
            happened.Until is null ? null : $"after {happened.After}, until {happened.Until}",
            happened.Reason is null ? null : $"— {happened.Reason}",
            happened.Data?.GetRawText(),
        };
        return Shown.Line(string.Join("  ", parts.OfType<string>()));
    }
}
