using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Tasks that wait for somebody to tell how they ended, and every operation by its name.</summary>
internal sealed class TaskCommands
{
    private readonly Argument<string> _token = new("TOKEN")
    {
        Description = "The task's token, or its execution when only one task of it waits.",
    };

    private readonly Argument<string?> _output = new("OUTPUT")
    {
        Description = "JSON; - for standard input. Default: {}.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _error = new("--error") { HelpName = "NAME", Description = "The error's name." };

    private readonly Option<string?> _cause = new("--cause") { HelpName = "TEXT", Description = "Why, in words." };

    private readonly Argument<string> _operation = new("OPERATION")
    {
        Description = "An operation of the Step Functions API, such as DescribeMapRun.",
    };

    private readonly Argument<string?> _request = new("REQUEST")
    {
        Description = "The request, as JSON; - for standard input. Default: {}.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("tokens", "List tasks that wait for somebody to tell how they ended."), ListAsync, """
              analemma sm tokens
            """);
        yield return set.Does(
            new Command("succeed", "Tell that a waiting task succeeded.") { _token, _output }, SucceedAsync, """
              analemma sm succeed orders:order-7 '{"approved": true}'
            """);
        yield return set.Does(
            new Command("fail", "Tell that a waiting task failed.") { _token, _error, _cause }, FailAsync, """
              analemma sm fail orders:order-7 --error Rejected --cause "too expensive"
            """);
        yield return set.Does(
            new Command("call", "Any operation of the Step Functions API, by name.") { _operation, _request },
            CallAsync,
            """
              analemma sm call ListActivities
              analemma sm call DescribeMapRun '{"mapRunArn": "arn:…"}'
            """);
    }

    private static async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var tasks = (await api.CallAsync("ListTaskTokens", [])).GetProperty("tasks").EnumerateArray().ToList();
        if (session.Json)
        {
            JsonText.Write(session, "tasks", tasks);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(PlainTable.Render(
            [new Column("EXECUTION"), new Column("STATE"), new Column("RESOURCE", 1)],
            tasks.Select(task => new[]
            {
                string.Join(':', JsonText.Text(task, "executionArn").Split(':')[6..]),
                JsonText.Text(task, "stateName"),
                JsonText.Text(task, "resource"),
            }),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task<int> SucceedAsync(Session session)
    {
        var text = session.Parsed.GetValue(_output) ?? "{}";
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        JsonObject input = new()
        {
            ["taskToken"] = await TokenAsync(api, session.Parsed.GetValue(_token)!),
            ["output"] = text == "-" ? await JsonText.ReadInputAsync(session) : text,
        };
        await api.CallAsync("SendTaskSuccess", input);
        return ExitCodes.Ok;
    }

    private async Task<int> FailAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        JsonObject input = new() { ["taskToken"] = await TokenAsync(api, session.Parsed.GetValue(_token)!) };
        if (session.Parsed.GetValue(_error) is { } error)
        {
            input["error"] = error;
        }

        if (session.Parsed.GetValue(_cause) is { } cause)
        {
            input["cause"] = cause;
        }

        await api.CallAsync("SendTaskFailure", input);
        return ExitCodes.Ok;
    }

    private async Task<int> CallAsync(Session session)
    {
        var text = session.Parsed.GetValue(_request) ?? "{}";
        if (text == "-")
        {
            text = await JsonText.ReadInputAsync(session);
        }

        JsonObject request;
        try
        {
            request = JsonNode.Parse(text) as JsonObject
                ?? throw CliException.Usage("the request must be a JSON object");
        }
        catch (JsonException wrong)
        {
            throw CliException.Usage($"the request is no JSON: {wrong.Message}");
        }

        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        JsonText.Write(session, await api.CallAsync(session.Parsed.GetValue(_operation)!, request));
        return ExitCodes.Ok;
    }

    // Tokens are long: who means a task of an execution need not copy one.
    private static async Task<string> TokenAsync(WorkflowApi api, string named)
    {
        var tasks = (await api.CallAsync("ListTaskTokens", [])).GetProperty("tasks").EnumerateArray().ToList();
        if (tasks.Any(task => JsonText.Text(task, "taskToken") == named) || named.EndsWith('='))
        {
            return named;
        }

        var arn = await api.ExecutionAsync(named);
        var waiting = tasks.Where(task => JsonText.Text(task, "executionArn") == arn).ToArray();
        return waiting.Length == 1
            ? JsonText.Text(waiting[0], "taskToken")
            : throw new CliException(
                "no_such_task", $"{waiting.Length} tasks of {arn} wait", "see `analemma sm tokens --json`");
    }
}
