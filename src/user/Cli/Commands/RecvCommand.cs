using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Takes messages out of a mailbox that is no agent's inbox.</summary>
internal sealed class RecvCommand : ICliCommand
{
    private readonly Argument<string> _mailbox = new("mailbox")
    {
        HelpName = "MAILBOX",
        Description = "Its name: see `analemma mailbox list` and `analemma mailbox make`.",
    };

    private readonly Option<int> _max = new("--max", "-n")
    {
        HelpName = "N",
        Description = "At most so many messages, up to 256.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<double?> _timeout = new("--timeout")
    {
        HelpName = "S",
        Description = "Seconds to wait for the first; 0 does not wait. Default: for ever.",
    };

    private readonly Option<string?> _topic = new("--topic") { HelpName = "T", Description = "Only those about this." };

    private readonly Option<string?> _correlation = new("--correlation")
    {
        HelpName = "C",
        Description = "Only those of this exchange.",
    };

    private readonly Option<long?> _from = new("--from")
    {
        HelpName = "ID",
        Description = "Only those of this process; 0 for clients on the host.",
    };

    private readonly Option<bool> _keep = new("--keep", "-k")
    {
        Description = "Of a durable mailbox: do not acknowledge; they come again.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("recv", "Take messages out of a mailbox; those of a durable one are acknowledged when printed.")
        {
            _mailbox, _max, _timeout, _topic, _correlation, _from, _keep,
        },
        RunAsync,
        """
          analemma recv results
          analemma recv jobs --max 10 --timeout 5 --json
          analemma recv jobs --keep
        """);

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var received = await kernel.RecvAsync(
            new Recv
            {
                Mailbox = session.Parsed.GetValue(_mailbox),
                Max = session.Parsed.GetValue(_max),
                TimeoutMs = SendCommand.Milliseconds(session.Parsed.GetValue(_timeout)),
                Topic = session.Parsed.GetValue(_topic),
                Correlation = session.Parsed.GetValue(_correlation),
                From = session.Parsed.GetValue(_from) is { } from ? new ProcessId(from) : null,
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(received, AbiJsonContext.Default.RecvReply);
        }
        else
        {
            foreach (var message in received.Messages)
            {
                session.Terminal.Output.WriteLine(MailText.Body(message));
            }
        }

        var receipts = received.Messages.Select(message => message.Receipt).OfType<long>().ToArray();
        if (receipts.Length > 0)
        {
            // What was printed is the reader's now; what is kept need not wait until its time is up.
            await (session.Parsed.GetValue(_keep)
                ? kernel.NackAsync(new Nack { Receipts = receipts }, session.CancellationToken)
                : kernel.AckAsync(receipts, session.CancellationToken));
        }

        return received.Messages.Count > 0 ? ExitCodes.Ok : ExitCodes.Failure;
    }
}
