using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Shows mailboxes; makes and removes those that are no agent's inbox.</summary>
internal sealed class MailboxCommand : ICliCommand
{
    private readonly Argument<string> _name = new("name") { HelpName = "NAME", Description = "The mailbox's name." };

    private readonly Option<bool> _durable = new("--durable", "-d")
    {
        Description = "Messages are on disk, and stay until they are acknowledged.",
    };

    private readonly Option<string?> _receiver = new("--receiver")
    {
        HelpName = "AGENT",
        Description = "The name of the agent that receives from it. Default: clients on the host alone.",
    };

    private readonly Option<string?> _topic = new("--topic")
    {
        HelpName = "T",
        Description = "Broadcasts about it come to the mailbox.",
    };

    private readonly Option<int?> _maxMessages = new("--max-messages")
    {
        HelpName = "N",
        Description = "Default: 1000.",
    };

    private readonly Option<string?> _maxSize = new("--max-size")
    {
        HelpName = "SIZE",
        Description = "What its messages have together, such as 16M. Default: 8M.",
    };

    private readonly Option<string?> _visibility = new("--visibility")
    {
        HelpName = "TIME",
        Description = "Of a durable one: what is not acknowledged in this time comes again. Default: 30s.",
    };

    private readonly Option<int?> _maxDeliveries = new("--max-deliveries")
    {
        HelpName = "N",
        Description = "Of a durable one: a message given out so often is a dead letter. Default: 10.",
    };

    public Command Declare(CommandSet set)
    {
        Command command = new("mailbox", "Show mailboxes; make and remove those that are no agent's inbox.");
        command.Add(set.Does(
            new Command("list", "Show every mailbox: how full it is and who waits at it."), ListAsync,
            "  analemma mailbox list --json | jq '.list[] | select(.senders > 0)'"));
        command.Add(set.Does(
            new Command("make", "Make a mailbox, or give one a topic.")
            {
                _name, _durable, _receiver, _topic, _maxMessages, _maxSize, _visibility, _maxDeliveries,
            },
            MakeAsync,
            "  analemma mailbox make jobs --durable --receiver worker"));
        command.Add(set.Does(
            new Command("remove", "Remove a mailbox; what lies in it becomes dead letters.") { _name },
            RemoveAsync,
            "  analemma mailbox remove jobs"));
        return set.Explain(command, """
              analemma mailbox make jobs --durable --receiver worker
              analemma mailbox list
            """);
    }

    private static async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var all = await kernel.MailboxesAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(all, AbiJsonContext.Default.MailboxesReply);
        }
        else
        {
            session.Terminal.Console.Write(MailText.Boxes(all.List, session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }

    private async Task<int> MakeAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var made = await kernel.RegisterAsync(
            new Register
            {
                Name = session.Parsed.GetValue(_name),
                Durable = session.Parsed.GetValue(_durable) ? true : null,
                Receiver = session.Parsed.GetValue(_receiver),
                Topic = session.Parsed.GetValue(_topic),
                MaxMessages = session.Parsed.GetValue(_maxMessages),
                MaxBytes = Sizes.Option(session.Parsed, _maxSize),
                VisibilityMs = Durations.Option(session.Parsed, _visibility),
                MaxDeliveries = session.Parsed.GetValue(_maxDeliveries),
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(made, AbiJsonContext.Default.MailboxView);
        }
        else
        {
            session.Terminal.Console.Write(MailText.Boxes([made], session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }

    private async Task<int> RemoveAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var gone = await kernel.UnregisterAsync(
            new Unregister { Name = session.Parsed.GetValue(_name) }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(gone, AbiJsonContext.Default.UnregisterReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"removed; {gone.Dropped} messages are dead letters");
        }

        return ExitCodes.Ok;
    }
}
