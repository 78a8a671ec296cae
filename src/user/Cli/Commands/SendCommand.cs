using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Sends a message to an agent or a mailbox; with --request waits for the reply.</summary>
internal sealed class SendCommand : ICliCommand
{
    private const double SecondsMax = 1_000_000_000;

    private readonly Argument<string> _to = new("to")
    {
        HelpName = "MAILBOX|AGENT",
        Description = "A registered name, an agent's name, or its id.",
    };

    private readonly Argument<string?> _body = new("body")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "BODY",
        Description = "JSON, or else a text. Default: what comes by standard input.",
    };

    private readonly Option<string?> _topic = new("--topic") { HelpName = "T", Description = "What it is about." };

    private readonly Option<string?> _correlation = new("--correlation")
    {
        HelpName = "C",
        Description = "The exchange that it belongs to.",
    };

    private readonly Option<string?> _key = new("--key")
    {
        HelpName = "K",
        Description = "To a durable mailbox: the same key again adds nothing.",
    };

    private readonly Option<MailPriority?> _priority = new("--priority") { Description = "low, normal or high." };

    private readonly Option<double?> _ttl = new("--ttl")
    {
        HelpName = "S",
        Description = "Seconds after which nobody is given it any more.",
    };

    private readonly Option<double?> _timeout = new("--timeout")
    {
        HelpName = "S",
        Description = "Seconds to wait for room in a full mailbox, and with --request for the reply. Default: 0, 30.",
    };

    private readonly Option<bool> _request = new("--request", "-r")
    {
        Description = "Wait for the reply and print it.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("send", "Send a message to an agent or a mailbox.")
        {
            _to, _body, _topic, _correlation, _key, _priority, _ttl, _timeout, _request,
        },
        RunAsync,
        """
          analemma send worker hello
          analemma send jobs '{"page": 17}' --key page-17
          analemma send reasoner 'why?' --request --timeout 60
          echo '{"n": 1}' | analemma send 3
        """);

    private async Task<int> RunAsync(Session session)
    {
        var to = session.Parsed.GetValue(_to)!;
        var text = session.Parsed.GetValue(_body) ?? await PipedAsync(session);
        var isId = long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0;
        var timeout = session.Parsed.GetValue(_timeout);
        var request = session.Parsed.GetValue(_request);
        await using var kernel = await session.ConnectAsync();
        var sent = await kernel.SendAsync(
            new Send
            {
                To = isId ? null : to,
                ToId = isId ? new ProcessId(id) : null,
                Body = BodyOf(text),
                Topic = session.Parsed.GetValue(_topic),
                Correlation = session.Parsed.GetValue(_correlation),
                Key = session.Parsed.GetValue(_key),
                Priority = session.Parsed.GetValue(_priority),
                TtlMs = Milliseconds(session.Parsed.GetValue(_ttl)),
                TimeoutMs = Milliseconds(timeout),
                ReplyTimeoutMs = request ? Milliseconds(timeout ?? 30) : null,
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(sent, AbiJsonContext.Default.SendReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(sent.Reply is { } reply ? MailText.Body(reply)
                : sent.Duplicate == true ? $"message {sent.Id} was there already"
                : $"message {sent.Id} is in the mailbox of {to}");
        }

        return ExitCodes.Ok;
    }

    internal static long? Milliseconds(double? seconds) => seconds switch
    {
        null => null,
        >= 0 and <= SecondsMax and var some => (long)Math.Ceiling(some * 1000),
        var wrong => throw CliException.Usage(string.Create(
            CultureInfo.InvariantCulture, $"{wrong} is no number of seconds from 0 to {SecondsMax}")),
    };

    private static async Task<string> PipedAsync(Session session)
    {
        if (session.Terminal.PipedInput is not { } input)
        {
            return "null";
        }

        using StreamReader reader = new(input, Encoding.UTF8);
        return (await reader.ReadToEndAsync(session.CancellationToken)).TrimEnd('\n');
    }

    /// <summary>What is JSON is sent as it is, and everything else as a text.</summary>
    private static MailBody BodyOf(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return new MailBody(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException)
        {
            return MailBody.Of(text);
        }
    }
}
