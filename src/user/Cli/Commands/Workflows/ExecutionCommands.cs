using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Executions: started, waited for, listed, looked at, stopped and driven again.</summary>
internal sealed class ExecutionCommands
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly Argument<string> _machine = new("MACHINE")
    {
        Description = "The state machine: its name or ARN, with :VERSION or :ALIAS behind it.",
    };

    private readonly Argument<string?> _maybeMachine = new("MACHINE")
    {
        Description = "Only those of one state machine.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> _input = new("INPUT")
    {
        Description = "JSON; - for standard input. Default: {}.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string> _execution = new("EXECUTION")
    {
        Description = "Its ARN, MACHINE:NAME, or how its name begins.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        HelpName = "NAME",
        Description = "Its name; the same name and input start nothing twice.",
    };

    private readonly Option<string?> _status = new("--status")
    {
        HelpName = "STATUS",
        Description = "Only those that are RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.",
    };

    private readonly Option<int> _most = new("--max")
    {
        HelpName = "N",
        Description = "At most so many.",
        DefaultValueFactory = _ => 50,
    };

    private readonly Option<string?> _error = new("--error") { HelpName = "NAME", Description = "The error's name." };

    private readonly Option<string?> _cause = new("--cause") { HelpName = "TEXT", Description = "Why, in words." };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("start", "Start an execution and print its ARN.") { _machine, _input, _name },
            session => StartAsync(session, waits: false),
            """
              analemma sm start orders '{"id": 7}'
              analemma sm start orders - --name order-7 < order.json
            """);
        yield return set.Does(
            new Command("run", "Start an execution, wait for its end and print its output; code 1 if it failed.")
            {
                _machine, _input, _name,
            },
            session => StartAsync(session, waits: true),
            """
              analemma sm run orders '{"id": 7}' | jq .total
            """);
        yield return set.Does(
            new Command("wait", "Wait for an execution's end and print its output; code 1 if it failed.")
            {
                _execution,
            },
            WaitAsync,
            """
              analemma sm wait orders:order-7
            """);
        yield return set.Does(
            new Command("executions", "List executions, newest first.") { _maybeMachine, _status, _most },
            ListAsync,
            """
              analemma sm executions
              analemma sm executions orders --status FAILED
            """);
        yield return set.Does(
            new Command("execution", "Show an execution: how it began, and how it ended.") { _execution },
            DescribeAsync,
            """
              analemma sm execution orders:order-7
            """);
        yield return set.Does(
            new Command("history", "Show what an execution did, line by line.") { _execution },
            HistoryAsync,
            """
              analemma sm history orders:order-7
              analemma sm history orders:order-7 --json | jq '.events[].type'
            """);
        yield return set.Does(
            new Command("stop", "Stop an execution.") { _execution, _error, _cause },
            StopAsync,
            """
              analemma sm stop orders:order-7 --cause "sent twice"
            """);
        yield return set.Does(
            new Command("redrive", "Go on with an execution that failed, where it failed.") { _execution },
            RedriveAsync,
            """
              analemma sm redrive orders:order-7
            """);
    }

    private async Task<int> StartAsync(Session session, bool waits)
    {
        var text = session.Parsed.GetValue(_input) ?? "{}";
        if (text == "-")
        {
            text = await JsonText.ReadInputAsync(session);
        }

        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        JsonObject input = new()
        {
            ["stateMachineArn"] = await api.MachineAsync(session.Parsed.GetValue(_machine)!),
            ["input"] = text,
        };
        if (session.Parsed.GetValue(_name) is { } name)
        {
            input["name"] = name;
        }

        var started = await api.CallAsync("StartExecution", input);
        var arn = started.GetProperty("executionArn").GetString()!;
        if (waits)
        {
            return await WaitAsync(session, api, arn);
        }

        if (session.Json)
        {
            JsonText.Write(session, started);
        }
        else
        {
            session.Terminal.Output.WriteLine(arn);
        }

        return ExitCodes.Ok;
    }

    private async Task<int> WaitAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        return await WaitAsync(session, api, await api.ExecutionAsync(session.Parsed.GetValue(_execution)!));
    }

    private static async Task<int> WaitAsync(Session session, WorkflowApi api, string arn)
    {
        while (true)
        {
            var described = await api.CallAsync("DescribeExecution", new JsonObject { ["executionArn"] = arn });
            var status = described.GetProperty("status").GetString()!;
            if (status == "RUNNING")
            {
                await Task.Delay(LookAgain, session.CancellationToken);
                continue;
            }

            if (session.Json)
            {
                JsonText.Write(session, described);
            }
            else if (status == "SUCCEEDED")
            {
                await PayloadCommands.PrintOutputAsync(session, api, described);
            }
            else
            {
                session.Terminal.Error.WriteLine(Failure(status, described));
            }

            return status == "SUCCEEDED" ? ExitCodes.Ok : ExitCodes.Failure;
        }
    }

    private async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var found = await api.ExecutionsAsync(
            session.Parsed.GetValue(_maybeMachine),
            session.Parsed.GetValue(_status)?.ToUpperInvariant(),
            session.Parsed.GetValue(_most));
        if (session.Json)
        {
            JsonText.Write(session, "executions", found);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(PlainTable.Render(
            [
                new Column("MACHINE"), new Column("NAME"), new Column("STATUS"), new Column("STARTED", 1),
                new Column("TOOK", 2),
            ],
            found.Select(each => new[]
            {
                JsonText.Text(each, "stateMachineArn").Split(':')[^1],
                JsonText.Text(each, "name"),
                JsonText.Text(each, "status"),
                JsonText.Time(each, "startDate"),
                Took(each),
            }),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task<int> DescribeAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.ExecutionAsync(session.Parsed.GetValue(_execution)!);
        var described = await api.CallAsync("DescribeExecution", new JsonObject { ["executionArn"] = arn });
        if (session.Json)
        {
            JsonText.Write(session, described);
            return ExitCodes.Ok;
        }

        foreach (var name in (string[])["executionArn", "status", "input", "output", "error", "cause"])
        {
            if (described.TryGetProperty(name, out var value))
            {
                session.Terminal.Output.WriteLine($"{name,-14} {value.GetString()}");
            }
        }

        session.Terminal.Output.WriteLine($"{"started",-14} {JsonText.Time(described, "startDate")}");
        session.Terminal.Output.WriteLine($"{"took",-14} {Took(described)}");
        return ExitCodes.Ok;
    }

    private async Task<int> HistoryAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.ExecutionAsync(session.Parsed.GetValue(_execution)!);
        var events = await api.AllAsync(
            "GetExecutionHistory", "events", new JsonObject { ["executionArn"] = arn, ["maxResults"] = 1000 });
        if (session.Json)
        {
            JsonText.Write(session, "events", events);
            return ExitCodes.Ok;
        }

        foreach (var line in Timeline.Of(events))
        {
            session.Terminal.Output.WriteLine(line);
        }

        return ExitCodes.Ok;
    }

    private async Task<int> StopAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        JsonObject input = new() { ["executionArn"] = await api.ExecutionAsync(session.Parsed.GetValue(_execution)!) };
        if (session.Parsed.GetValue(_error) is { } error)
        {
            input["error"] = error;
        }

        if (session.Parsed.GetValue(_cause) is { } cause)
        {
            input["cause"] = cause;
        }

        return Said(session, await api.CallAsync("StopExecution", input), "stopped");
    }

    private async Task<int> RedriveAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.ExecutionAsync(session.Parsed.GetValue(_execution)!);
        var answer = await api.CallAsync("RedriveExecution", new JsonObject { ["executionArn"] = arn });
        return Said(session, answer, "goes on");
    }

    private static int Said(Session session, JsonElement answer, string text)
    {
        if (session.Json)
        {
            JsonText.Write(session, answer);
        }
        else
        {
            session.Terminal.Output.WriteLine(text);
        }

        return ExitCodes.Ok;
    }

    /// <summary>How it ended that did not end well, in one line.</summary>
    internal static string Failure(string status, JsonElement described) => string.Join(
        ": ",
        new[] { status, JsonText.Text(described, "error"), JsonText.Text(described, "cause") }
            .Where(part => part.Length > 0));

    private static string Took(JsonElement execution) =>
        execution.TryGetProperty("stopDate", out var stop)
            ? Durations.Format((long)((stop.GetDouble() - execution.GetProperty("startDate").GetDouble()) * 1000))
            : "";
}
