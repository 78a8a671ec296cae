using System.CommandLine;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Functions: handlers that tasks of workflows call, each in a sandbox of its own.</summary>
internal sealed class FunctionCommands
{
    private readonly Argument<string> _name = new("NAME") { Description = "The function, as tasks name it." };

    private readonly Option<string> _file = new("--file", "-f")
    {
        HelpName = "FILE",
        Description = "The program: .py for Python, .js or .cjs for Node.",
        Required = true,
    };

    private readonly Option<string?> _handler = new("--handler")
    {
        HelpName = "MODULE.FUNCTION",
        Description = "What is called with (event, context). Default: handler.",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "After which an invocation is ended, such as 30s. Default: 1m.",
    };

    private readonly Option<int> _concurrency = new("--concurrency")
    {
        HelpName = "N",
        Description = "Invocations at once; others wait.",
        DefaultValueFactory = _ => 8,
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        Command command = new("function", "Functions that tasks call: a handler in a sandbox of its own.");
        command.Subcommands.Add(set.Does(
            new Command("put", "Register a function, or change the one of that name.")
            {
                _name, _file, _handler, _timeout, _concurrency,
            },
            PutAsync,
            """
              analemma sm function put total -f total.py
              analemma sm function put total -f index.js --handler index.main --timeout 30s
            """));
        command.Subcommands.Add(set.Does(new Command("list", "List functions."), ListAsync, """
              analemma sm function list
            """));
        command.Subcommands.Add(set.Does(new Command("rm", "Forget a function.") { _name }, RemoveAsync, """
              analemma sm function rm total
            """));
        yield return set.Explain(command, """
              analemma sm function put total -f total.py
              … "Resource": "arn:aws:lambda:us-east-1:000000000000:function:total"
            """);
    }

    private async Task<int> PutAsync(Session session)
    {
        var file = session.Parsed.GetValue(_file)!;
        JsonObject input = new()
        {
            ["name"] = session.Parsed.GetValue(_name),
            ["source"] = await File.ReadAllTextAsync(file, session.CancellationToken),
            ["runtime"] = Path.GetExtension(file) is ".js" or ".cjs" ? "node" : "python",
            ["concurrency"] = session.Parsed.GetValue(_concurrency),
        };
        if (session.Parsed.GetValue(_handler) is { } handler)
        {
            input["handler"] = handler;
        }

        if (Durations.Option(session.Parsed, _timeout) is { } timeout)
        {
            input["timeoutMs"] = timeout;
        }

        await using var kernel = await session.ConnectAsync();
        var answer = await new WorkflowApi(kernel, session.CancellationToken).CallAsync("PutFunction", input);
        if (session.Json)
        {
            JsonText.Write(session, answer);
        }
        else
        {
            session.Terminal.Output.WriteLine(
                $"{JsonText.Text(answer, "name")} calls {JsonText.Text(answer, "handler")}");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var found = (await api.CallAsync("ListFunctions", [])).GetProperty("functions").EnumerateArray().ToList();
        if (session.Json)
        {
            JsonText.Write(session, "functions", found);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(PlainTable.Render(
            [new Column("NAME"), new Column("RUNTIME"), new Column("HANDLER")],
            found.Select(each => new[]
            {
                JsonText.Text(each, "name"), JsonText.Text(each, "runtime"), JsonText.Text(each, "handler"),
            }),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task<int> RemoveAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        await api.CallAsync("RemoveFunction", new JsonObject { ["name"] = session.Parsed.GetValue(_name) });
        return ExitCodes.Ok;
    }
}
