using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>State machines: made, listed, looked at, checked and removed.</summary>
internal sealed class MachineCommands
{
    private const string Role = "arn:aws:iam::000000000000:role/analemma";

    private readonly Argument<string> _name = new("NAME") { Description = "The state machine: its name or ARN." };

    private readonly Argument<string> _definition = new("FILE")
    {
        Description = "A definition in the States Language, as JSON; - for standard input.",
    };

    private readonly Option<string> _file = new("--file", "-f")
    {
        HelpName = "FILE",
        Description = "The definition in the States Language, as JSON; - for standard input.",
        Required = true,
    };

    private readonly Option<bool> _express = new("--express") { Description = "Of type EXPRESS: short and many." };

    private readonly Option<string?> _role = new("--role")
    {
        HelpName = "ARN",
        Description = "What its histories name as role. Default: one of no meaning.",
    };

    private readonly Option<bool> _publish = new("--publish") { Description = "Give what it is now a version number." };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("create", "Create a state machine, or change the one of that name.")
            {
                _name, _file, _express, _role, _publish,
            },
            CreateAsync,
            """
              analemma sm create orders -f orders.asl.json
              jq .workflow all.json | analemma sm create orders -f - --publish
            """);
        yield return set.Does(new Command("list", "List state machines."), ListAsync, """
              analemma sm list
              analemma sm list --json | jq -r '.stateMachines[].stateMachineArn'
            """);
        yield return set.Does(
            new Command("describe", "Show a state machine with its definition.") { _name }, DescribeAsync, """
              analemma sm describe orders
              analemma sm describe orders:2 --json | jq -r .definition      a version
            """);
        yield return set.Does(
            new Command("delete", "Remove a state machine; what runs goes on.") { _name }, DeleteAsync, """
              analemma sm delete orders
            """);
        yield return set.Does(
            new Command("validate", "Say what is wrong with a definition, and where; code 1 if something is.")
            {
                _definition, _express,
            },
            ValidateAsync,
            """
              analemma sm validate orders.asl.json
            """);
        yield return set.Does(new Command("endpoint", "Print where AWS clients find the workflows."), EndpointAsync, """
              aws stepfunctions --endpoint-url "$(analemma sm endpoint)" list-state-machines
              AWS_ENDPOINT_URL_SFN=$(analemma sm endpoint) python3 uses_boto3.py
            """);
    }

    public static async Task<string> ReadAsync(Session session, string file) => file == "-"
        ? await JsonText.ReadInputAsync(session)
        : await File.ReadAllTextAsync(file, session.CancellationToken);

    private async Task<int> CreateAsync(Session session)
    {
        var name = session.Parsed.GetValue(_name)!;
        var definition = await ReadAsync(session, session.Parsed.GetValue(_file)!);
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var machines = await api.MachinesAsync();
        var there = machines.FirstOrDefault(machine => machine.GetProperty("name").GetString() == name);
        JsonObject input = new() { ["definition"] = definition, ["publish"] = session.Parsed.GetValue(_publish) };
        if (there.ValueKind is JsonValueKind.Object)
        {
            input["stateMachineArn"] = there.GetProperty("stateMachineArn").GetString();
            var updated = await api.CallAsync("UpdateStateMachine", input);
            return Said(session, updated, $"{name} is changed; executions that run go on as they began");
        }

        input["name"] = name;
        input["roleArn"] = session.Parsed.GetValue(_role) ?? Role;
        input["type"] = session.Parsed.GetValue(_express) ? "EXPRESS" : "STANDARD";
        var created = await api.CallAsync("CreateStateMachine", input);
        return Said(session, created, created.GetProperty("stateMachineArn").GetString()!);
    }

    private static async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var machines = await api.MachinesAsync();
        if (session.Json)
        {
            JsonText.Write(session, "stateMachines", machines);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(PlainTable.Render(
            [new Column("NAME"), new Column("TYPE", 1), new Column("CREATED", 2)],
            machines.Select(machine => new[]
            {
                machine.GetProperty("name").GetString()!,
                machine.GetProperty("type").GetString()!,
                JsonText.Time(machine, "creationDate"),
            }),
            session.Terminal.Console.Profile.Width));
        return ExitCodes.Ok;
    }

    private async Task<int> DescribeAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.MachineAsync(session.Parsed.GetValue(_name)!);
        var described = await api.CallAsync("DescribeStateMachine", new JsonObject { ["stateMachineArn"] = arn });
        if (session.Json)
        {
            JsonText.Write(session, described);
            return ExitCodes.Ok;
        }

        foreach (var name in (string[])["stateMachineArn", "type", "status", "roleArn", "revisionId"])
        {
            if (described.TryGetProperty(name, out var value))
            {
                session.Terminal.Output.WriteLine($"{name,-16} {value.GetString()}");
            }
        }

        session.Terminal.Output.WriteLine($"{"creationDate",-16} {JsonText.Time(described, "creationDate")}");
        session.Terminal.Output.WriteLine(described.GetProperty("definition").GetString()!.TrimEnd());
        return ExitCodes.Ok;
    }

    private async Task<int> DeleteAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.MachineAsync(session.Parsed.GetValue(_name)!);
        var answer = await api.CallAsync("DeleteStateMachine", new JsonObject { ["stateMachineArn"] = arn });
        return Said(session, answer, $"{arn} is gone");
    }

    private async Task<int> ValidateAsync(Session session)
    {
        var definition = await ReadAsync(session, session.Parsed.GetValue(_definition)!);
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var answer = await api.CallAsync("ValidateStateMachineDefinition", new JsonObject
        {
            ["definition"] = definition,
            ["type"] = session.Parsed.GetValue(_express) ? "EXPRESS" : "STANDARD",
            ["severity"] = "WARNING",
        });
        var isGood = answer.GetProperty("result").GetString() == "OK";
        if (session.Json)
        {
            JsonText.Write(session, answer);
            return isGood ? ExitCodes.Ok : ExitCodes.Failure;
        }

        foreach (var found in answer.GetProperty("diagnostics").EnumerateArray())
        {
            var where = found.TryGetProperty("location", out var location) ? $"{location.GetString()}: " : "";
            session.Terminal.Output.WriteLine(
                $"{found.GetProperty("severity").GetString()!.ToLowerInvariant()} {where}"
                + $"{found.GetProperty("message").GetString()} ({found.GetProperty("code").GetString()})");
        }

        session.Terminal.Output.WriteLine(isGood ? "the definition is good" : "the definition would not be taken");
        return isGood ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private static async Task<int> EndpointAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var where = await kernel.WorkflowListenAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(where, Abi.AbiJsonContext.Default.WorkflowListenReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(where.Url);
        }

        return ExitCodes.Ok;
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
}
