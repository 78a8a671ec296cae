using System.CommandLine;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Tools of the kernel's servers: lists them, calls one, shows the servers, starts one anew.</summary>
internal sealed class ToolCommand : ICliCommand
{
    private readonly Argument<string?> _listed = new("SERVER")
    {
        Description = "Only its tools.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string> _tool = new("SERVER/TOOL")
    {
        Description = "Which, as `analemma tool list` has it.",
    };

    private readonly Argument<string[]> _fields = new("FIELD=VALUE")
    {
        Description = "Arguments: VALUE is JSON where it can be read so, else text.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _arguments = new("--arguments")
    {
        HelpName = "JSON",
        Description = "All arguments as one JSON object.",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Give up after this long. Default: as configured for the server.",
    };

    private readonly Argument<string> _server = new("SERVER") { Description = "Which." };

    public Command Declare(CommandSet set)
    {
        var command = new Command("tool", "List and call tools of the kernel's servers (MCP).");
        command.Subcommands.Add(set.Does(
            new Command("list", "List the tools; starts their servers.") { _listed }, ListAsync, """
              analemma tool list fs
              analemma tool list --json | jq -r '.tools[].name'
            """));
        command.Subcommands.Add(set.Does(
            new Command("call", "Call a tool and print its text.") { _tool, _fields, _arguments, _timeout }, CallAsync, """
              analemma tool call fs/read_file path=/work/todo.txt
              analemma tool call fs/search --arguments '{"pattern": "*.md"}' --json
            """));
        command.Subcommands.Add(set.Does(
            new Command("servers", "Show the servers, their state and what went wrong."), ServersAsync, """
              analemma tool servers
            """));
        command.Subcommands.Add(set.Does(
            new Command("restart", "Start a server anew and wait until it is up.") { _server }, RestartAsync, """
              analemma tool restart fs
            """));
        return set.Explain(command, """
              analemma tool servers
              analemma tool call fs/read_file path=/work/todo.txt
            """);
    }

    private async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var offered = await kernel.ListToolsAsync(
            new ListTools { Server = session.Parsed.GetValue(_listed) }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(offered, AbiJsonContext.Default.ListToolsReply);
            return ExitCodes.Ok;
        }

        session.Terminal.Console.Write(ToolTables.Tools(offered, session.Terminal.Console.Profile.Width));
        foreach (var server in offered.Unavailable ?? [])
        {
            session.Terminal.Error.WriteLine($"{server.Server} is not up: {server.Reason}");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> CallAsync(Session session)
    {
        var call = new CallTool
        {
            Name = session.Parsed.GetValue(_tool)!,
            Arguments = Arguments(session.Parsed.GetValue(_arguments), session.Parsed.GetValue(_fields) ?? []),
            TimeoutMs = Durations.Option(session.Parsed, _timeout),
        };
        await using var kernel = await session.ConnectAsync();
        if (session.Json)
        {
            var result = await kernel.CallToolAsync(call, session.CancellationToken);
            session.WriteJson(result, AbiJsonContext.Default.CallToolReply);
            return result.IsError ? ExitCodes.Failure : ExitCodes.Ok;
        }

        var running = kernel.CallTool(call);
        await foreach (var step in running.WithCancellation(session.CancellationToken))
        {
            var of = step.Total is { } total ? $" of {total}" : "";
            session.Terminal.Error.WriteLine($"{step.Progress}{of} {step.Message}".TrimEnd());
        }

        var output = running.Reply.IsError ? session.Terminal.Error : session.Terminal.Output;
        output.WriteLine(running.Reply.Content);
        foreach (var part in running.Reply.Parts?.Where(part => part.Type != "text") ?? [])
        {
            session.Terminal.Error.WriteLine($"[{part.Type} {part.MimeType} {part.Uri}]; --json has it");
        }

        return running.Reply.IsError ? ExitCodes.Failure : ExitCodes.Ok;
    }

    private async Task<int> ServersAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var servers = await kernel.ToolServersAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(new ToolServersReply(servers), AbiJsonContext.Default.ToolServersReply);
        }
        else
        {
            session.Terminal.Console.Write(ToolTables.Servers(servers, session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }

    private async Task<int> RestartAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var server = await kernel.RestartToolsAsync(
            new RestartTools { Server = session.Parsed.GetValue(_server)! }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(server, AbiJsonContext.Default.ToolServerView);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{server.Name} is {server.State} with {server.Tools} tools");
        }

        return ExitCodes.Ok;
    }

    private static JsonElement? Arguments(string? json, string[] fields)
    {
        if (json is not null && fields.Length > 0)
        {
            throw CliException.Usage("give the arguments as FIELD=VALUE or by --arguments, not both");
        }

        try
        {
            return json is not null ? JsonDocument.Parse(json).RootElement
                : fields.Length == 0 ? null
                : JsonSerializer.SerializeToElement(
                    fields.Select(Field).ToDictionary(), CliJsonContext.Default.DictionaryStringJsonElement);
        }
        catch (JsonException wrong)
        {
            throw CliException.Usage($"--arguments is no JSON: {wrong.Message.Split(" LineNumber:")[0]}");
        }
        catch (ArgumentException)
        {
            throw CliException.Usage("a field of the arguments is given twice");
        }
    }

    private static KeyValuePair<string, JsonElement> Field(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at < 1)
        {
            throw CliException.Usage($"'{text}' is not FIELD=VALUE");
        }

        var value = text[(at + 1)..];
        return KeyValuePair.Create(text[..at], Read(value));
    }

    private static JsonElement Read(string value)
    {
        try
        {
            return JsonDocument.Parse(value).RootElement;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(value, CliJsonContext.Default.String);
        }
    }
}
