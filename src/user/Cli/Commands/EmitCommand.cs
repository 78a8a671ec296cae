using System.CommandLine;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Cli.Commands;

/// <summary>Tells agents and those who watch that something happened.</summary>
internal sealed class EmitCommand : ICliCommand
{
    private readonly Argument<string> _type = new("TYPE")
    {
        Description = "1 to 64 of small letters, digits and . _ - inside. It is told as _host/TYPE.",
    };

    private readonly Argument<string?> _data = new("DATA")
    {
        Description = "What to tell: JSON, or else text.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _durable = new("--durable")
    {
        Description = "Put it in the journal, so that it is kept across restarts of the kernel.",
    };

    private readonly Option<bool> _everyone = new("--everyone")
    {
        Description = "To all agents. Without this it is told to clients on the host alone.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("emit", "Tell those who watch that something happened.") { _type, _data, _durable, _everyone },
        RunAsync,
        """
          analemma emit deploy-done '{"version": 7}' --everyone
          analemma events -f --type '_host/*'
        """);

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var emit = new Emit
        {
            Type = session.Parsed.GetValue(_type)!,
            Data = session.Parsed.GetValue(_data) is { } text ? Json(text) : null,
            To = session.Parsed.GetValue(_everyone) ? "everyone" : null,
            Durable = session.Parsed.GetValue(_durable) ? true : null,
        };
        var reply = await kernel.EmitAsync(emit, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.EmitReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{reply.Type} told, cursor {reply.Cursor}");
        }

        return ExitCodes.Ok;
    }

    private static JsonElement Json(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, AbiJsonContext.Default.String);
        }
    }
}
