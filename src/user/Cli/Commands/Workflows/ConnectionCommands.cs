using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Connections: what tasks of workflows may reach over HTTP, and with which headers.</summary>
internal sealed class ConnectionCommands
{
    private readonly Argument<string> _name = new("NAME") { Description = "The connection, as tasks name it." };

    private readonly Option<string[]> _host = new("--host")
    {
        HelpName = "HOST",
        Description = "A host that requests may go to, such as api.example.com. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _path = new("--path")
    {
        HelpName = "PATH",
        Description = "How a path may begin, such as /v1/. Repeatable. Default: any.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _header = new("--header")
    {
        HelpName = "NAME=VALUE",
        Description = "A header that the kernel puts in; ${secret:NAME} stands for a secret. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _rules = new("--rules")
    {
        HelpName = "JSON",
        Description = "Instead of these: the whole list of rules, as SPAWN has them; - for standard input.",
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        Command command = new(
            "connection", "What tasks of workflows may reach over HTTP, and with which secrets.");
        command.Subcommands.Add(set.Does(
            new Command("create", "Make a connection, or change the one of that name.")
            {
                _name, _host, _path, _header, _rules,
            },
            CreateAsync,
            """
              analemma sm connection create shop --host api.example.com --path /v1/ \
                  --header 'Authorization=Bearer ${secret:shop}'
              analemma sm connection create shop --rules - < rules.json
            """));
        command.Subcommands.Add(set.Does(new Command("list", "List connections."), ListAsync, """
              analemma sm connection list
            """));
        command.Subcommands.Add(set.Does(
            new Command("describe", "Show the rules of a connection, without the values of secret headers.") { _name },
            DescribeAsync,
            """
              analemma sm connection describe shop
            """));
        command.Subcommands.Add(set.Does(new Command("delete", "Forget a connection.") { _name }, DeleteAsync, """
              analemma sm connection delete shop
            """));
        yield return set.Explain(command, """
              analemma sm connection create shop --host api.example.com --header 'X-Key=${secret:shop}'
              … "Resource": "arn:aws:states:::analemma:http", "Parameters": {"connection": "shop", …
            """);
    }

    private async Task<int> CreateAsync(Session session)
    {
        JsonObject input = new()
        {
            ["name"] = session.Parsed.GetValue(_name),
            ["network"] = await RulesAsync(session),
        };
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var made = await api.CallAsync("PutConnection", input);
        if (session.Json)
        {
            JsonText.Write(session, made);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{JsonText.Text(made, "name")} can be used by tasks");
        }

        return ExitCodes.Ok;
    }

    private async Task<JsonNode?> RulesAsync(Session session)
    {
        var hosts = session.Parsed.GetValue(_host) ?? [];
        var paths = session.Parsed.GetValue(_path) ?? [];
        var headers = session.Parsed.GetValue(_header) ?? [];
        if (session.Parsed.GetValue(_rules) is { } rules)
        {
            return hosts.Length + paths.Length + headers.Length == 0
                ? Read(rules == "-" ? await JsonText.ReadInputAsync(session) : rules)
                : throw CliException.Usage("--rules has all of them: give it alone");
        }

        if (hosts.Length == 0)
        {
            throw CliException.Usage("say where requests may go", "--host api.example.com, or --rules with all of it");
        }

        JsonArray made = [];
        foreach (var host in hosts)
        {
            JsonObject rule = new() { ["host"] = host };
            if (paths.Length > 0)
            {
                rule["paths"] = new JsonArray([.. paths.Select(each => JsonValue.Create(each))]);
            }

            if (headers.Length > 0)
            {
                rule["headers"] = Headers(headers);
            }

            made.Add(rule);
        }

        return made;
    }

    private static JsonObject Headers(string[] pairs)
    {
        JsonObject made = [];
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            // What it says may be secret: it is not repeated.
            made[at > 0 ? pair[..at] : throw CliException.Usage("--header is NAME=VALUE")] = pair[(at + 1)..];
        }

        return made;
    }

    private static JsonNode? Read(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException wrong)
        {
            throw CliException.Usage(
                $"--rules is no JSON: {wrong.Message}", "for example '[{\"host\": \"api.example.com\"}]'");
        }
    }

    private static async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var found = await AllAsync(new WorkflowApi(kernel, session.CancellationToken));
        if (session.Json)
        {
            JsonText.Write(session, "connections", found);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(PlainTable.Render(
            [new Column("NAME"), new Column("HOSTS"), new Column("HEADERS")],
            found.Select(each => new[]
            {
                JsonText.Text(each, "name"),
                string.Join(", ", Rules(each).Select(rule => JsonText.Text(rule, "host"))),
                string.Join(", ", Rules(each).SelectMany(HeaderNames).Distinct(StringComparer.OrdinalIgnoreCase)),
            }),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task<int> DescribeAsync(Session session)
    {
        var name = session.Parsed.GetValue(_name)!;
        await using var kernel = await session.ConnectAsync();
        var all = await AllAsync(new WorkflowApi(kernel, session.CancellationToken));
        var found = all.FirstOrDefault(each => JsonText.Text(each, "name") == name);
        if (found.ValueKind is JsonValueKind.Undefined)
        {
            throw new CliException(
                "no_such_connection",
                $"there is no connection {name}",
                "list them with `analemma sm connection list`");
        }

        JsonText.Write(session, found);
        return ExitCodes.Ok;
    }

    private async Task<int> DeleteAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        await api.CallAsync("RemoveConnection", new JsonObject { ["name"] = session.Parsed.GetValue(_name) });
        return ExitCodes.Ok;
    }

    private static async Task<List<JsonElement>> AllAsync(WorkflowApi api) =>
        [.. (await api.CallAsync("ListConnections", [])).GetProperty("connections").EnumerateArray()];

    private static JsonElement.ArrayEnumerator Rules(JsonElement connection) =>
        connection.GetProperty("network").EnumerateArray();

    private static IEnumerable<string> HeaderNames(JsonElement rule) =>
        rule.TryGetProperty("headers", out var headers) && headers.ValueKind is JsonValueKind.Object
            ? headers.EnumerateObject().Select(each => each.Name) : [];
}
