using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>How much runs at once, and what waits.</summary>
internal sealed class ConcurrencyCommands
{
    private readonly Argument<string?> _of = new("NAME")
    {
        Description = "A state machine, or with --resource a resource. Default: show all.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _resource = new("--resource")
    {
        Description = "NAME is a resource of tasks: lambda, analemma:think, sqs …",
    };

    private readonly Option<int?> _max = new("--max") { HelpName = "N", Description = "At most so many run at once." };

    private readonly Option<int?> _reserved = new("--reserved")
    {
        HelpName = "N",
        Description = "So many places are kept free for it.",
    };

    private readonly Option<int?> _queue = new("--queue")
    {
        HelpName = "N",
        Description = "At most so many wait; one more is refused.",
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("concurrency", "Show what runs and what waits, or set how much may.")
            {
                _of, _resource, _max, _reserved, _queue,
            },
            RunAsync,
            """
              analemma sm concurrency                                 what runs, what waits, and for how long
              analemma sm concurrency orders --max 20 --reserved 5    set; without an option, no limit again
              analemma sm concurrency lambda --resource --max 8
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        var limits = new[] { _max, _reserved, _queue };
        if (session.Parsed.GetValue(_of) is null && limits.Any(limit => session.Parsed.GetValue(limit) is not null))
        {
            throw CliException.Usage("name the state machine or resource whose limits these are");
        }

        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        if (session.Parsed.GetValue(_of) is { } named)
        {
            await SetAsync(session, api, named);
        }

        var answer = await api.CallAsync("ListConcurrency", []);
        if (session.Json)
        {
            JsonText.Write(session, answer);
            return ExitCodes.Ok;
        }

        string[][] rows =
        [
            Row("executions, all", answer.GetProperty("executions")),
            .. answer.GetProperty("stateMachines").EnumerateArray().Select(each => Row(
                "  " + JsonText.Text(each, "name").Split(':')[^1], each)),
            Row("tasks, all", answer.GetProperty("tasks")),
            .. answer.GetProperty("resources").EnumerateArray().Select(each => Row(
                "  " + JsonText.Text(each, "name"), each)),
        ];
        session.Terminal.Console.Write(PlainTable.Render(
            [
                new Column("OF"), new Column("RUNNING", 1), new Column("MAX", 1), new Column("RESERVED", 1),
                new Column("QUEUE", 1), new Column("QUEUED", 1), new Column("OLDEST", 1),
            ],
            rows,
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task SetAsync(Session session, WorkflowApi api, string named)
    {
        JsonObject input = [];
        if (session.Parsed.GetValue(_resource))
        {
            input["resource"] = named;
        }
        else
        {
            input["stateMachineArn"] = await api.MachineAsync(named);
        }

        foreach (var (name, option) in new[] { ("max", _max), ("reserved", _reserved), ("queueMax", _queue) })
        {
            if (session.Parsed.GetValue(option) is { } value)
            {
                input[name] = value;
            }
        }

        await api.CallAsync("SetConcurrency", input);
    }

    private static string[] Row(string name, JsonElement of) =>
    [
        name,
        JsonText.Text(of, "running"),
        JsonText.Text(of, "max"),
        JsonText.Text(of, "reserved"),
        JsonText.Text(of, "queueMax"),
        JsonText.Text(of, "queued"),
        of.GetProperty("queued").GetInt32() == 0
            ? ""
            : of.GetProperty("oldestSeconds").GetDouble().ToString("0.0s", CultureInfo.InvariantCulture),
    ];
}
