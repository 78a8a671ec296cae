using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Functions: programs that tasks of workflows call, in sandboxes that take one event after another.</summary>
internal sealed class FunctionCommands
{
    private readonly Argument<string> _name = new("NAME") { Description = "The function, as tasks name it." };

    private readonly Option<string?> _file = new("--file", "-f")
    {
        HelpName = "FILE",
        Description = "The program: .py for Python, .js or .cjs for Node.",
    };

    private readonly Option<string?> _folder = new("--folder")
    {
        HelpName = "FOLDER",
        Description = "Instead of a file: a folder of the host that the program is in, seen inside as /mnt/task.",
    };

    private readonly Option<string?> _runtime = new("--runtime")
    {
        HelpName = "KIND",
        Description = "python or node: a handler. provided: a program that speaks the Lambda Runtime API. command: run "
            + "for each event, which is its input.",
    };

    private readonly Option<string?> _spawn = new("--spawn")
    {
        HelpName = "JSON",
        Description = "What else its agents are spawned with, in the words of SPAWN: network, tools, permissions …",
    };

    private readonly Argument<string[]> _argv = new("COMMAND")
    {
        Description = "Of provided and command: the program and its arguments, after --.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _memory = new("--memory")
    {
        HelpName = "SIZE",
        Description = "What an environment may use, such as 128M.",
    };

    private readonly Option<string?> _idle = new("--idle")
    {
        HelpName = "TIME",
        Description = "How long an environment waits for an event before it ends. Default: 5m.",
    };

    private readonly Option<int?> _uses = new("--uses")
    {
        HelpName = "N",
        Description = "Events that an environment takes before it ends. Default: any number.",
    };

    private readonly Option<int?> _reserved = new("--reserved")
    {
        HelpName = "N",
        Description = "Environments that are kept for this function, and no more than these; 0 turns it off.",
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

    private readonly Option<int?> _concurrency = new("--concurrency")
    {
        HelpName = "N",
        Description = "Environments, so invocations at once; others wait. Default: 8.",
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        Command command = new(
            "function", "Functions that tasks call: programs in sandboxes that take one event after another.");
        command.Subcommands.Add(set.Does(
            new Command("put", "Register a function, or change the one of that name.")
            {
                _name, _argv, _file, _folder, _runtime, _handler, _timeout, _concurrency, _reserved, _memory, _idle,
                _uses, _spawn,
            },
            PutAsync,
            """
              analemma sm function put total -f total.py
              analemma sm function put total -f index.js --handler index.main --timeout 30s
              analemma sm function put total --folder ./app --handler app.main --memory 128M
              analemma sm function put total --runtime provided --folder ./app -- /mnt/task/bootstrap
              analemma sm function put lines --runtime command -- /bin/sh -c 'wc -l'
            """));
        command.Subcommands.Add(set.Does(new Command("list", "List functions."), ListAsync, """
              analemma sm function list
            """));
        command.Subcommands.Add(set.Does(new Command("rm", "Forget a function.") { _name }, RemoveAsync, """
              analemma sm function rm total
            """));
        command.Subcommands.Add(new FunctionLogCommand(_name).Declare(set));
        yield return set.Explain(command, """
              analemma sm function put total -f total.py
              … "Resource": "arn:aws:lambda:us-east-1:000000000000:function:total"
            """);
    }

    private async Task<int> PutAsync(Session session)
    {
        var input = await InputAsync(session);
        await using var kernel = await session.ConnectAsync();
        var answer = await new WorkflowApi(kernel, session.CancellationToken).CallAsync("PutFunction", input);
        if (session.Json)
        {
            JsonText.Write(session, answer);
        }
        else
        {
            session.Terminal.Output.WriteLine(
                $"{JsonText.Text(answer, "name")} is registered, for {JsonText.Text(answer, "runtime")}");
        }

        return ExitCodes.Ok;
    }

    private async Task<JsonObject> InputAsync(Session session)
    {
        var parsed = session.Parsed;
        JsonObject input = new() { ["name"] = parsed.GetValue(_name) };
        if (parsed.GetValue(_file) is { } file)
        {
            input["source"] = await File.ReadAllTextAsync(file, session.CancellationToken);
            input["runtime"] = Path.GetExtension(file) is ".js" or ".cjs" ? "node" : "python";
        }

        Set("folder", parsed.GetValue(_folder) is { } folder ? Path.GetFullPath(folder) : null);
        Set("runtime", parsed.GetValue(_runtime));
        Set("handler", parsed.GetValue(_handler));
        Set("concurrency", parsed.GetValue(_concurrency));
        Set("reserved", parsed.GetValue(_reserved));
        Set("maxUses", parsed.GetValue(_uses));
        Set("timeoutMs", Durations.Option(parsed, _timeout));
        Set("idleMs", Durations.Option(parsed, _idle));
        Set("memoryBytes", Bytes(parsed.GetValue(_memory)));
        Set("agent", parsed.GetValue(_spawn) is { } spawn ? Json(spawn) : null);
        if (parsed.GetValue(_argv) is { Length: > 0 } argv)
        {
            input["argv"] = new JsonArray([.. argv.Select(each => JsonValue.Create(each))]);
        }

        return input;

        void Set(string name, JsonNode? value)
        {
            if (value is not null)
            {
                input[name] = value;
            }
        }
    }

    private static long? Bytes(string? text) => text is null ? null
        : ByteSize.TryParse(text, out var bytes) ? bytes
        : throw CliException.Usage($"--memory {text} is not an amount of memory", "write it as 128M or 1G");

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException wrong)
        {
            throw CliException.Usage(
                $"--spawn is no JSON: {wrong.Message}", "for example '{\"tools\": [\"search/*\"]}'");
        }
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
            [
                new Column("NAME"), new Column("RUNTIME"), new Column("ENVIRONMENTS"), new Column("BUSY"),
                new Column("WAIT"),
            ],
            found.Select(each => new[]
            {
                JsonText.Text(each, "name"), JsonText.Text(each, "runtime"),
                $"{each.GetProperty("environments")}/{each.GetProperty("concurrency")}",
                $"{each.GetProperty("busy")}", $"{each.GetProperty("waiting")}",
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
