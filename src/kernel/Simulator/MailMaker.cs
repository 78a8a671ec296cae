using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>Makes requests to messaging: few mailboxes, and small, so that they are full often.</summary>
internal sealed class MailMaker(World world)
{
    private static readonly string[] Boxes = ["jobs", "jobs", "box", "box", "own-a", "svc", "a", "b", "c", "nowhere"];

    /// <summary>Agents of fleets: some of them are started by a message.</summary>
    private static readonly string[] Declared = ["fa", "fb"];

    /// <summary>Of an agent that may rest, and durable.</summary>
    private const string Work = "fjobs";

    private static readonly string?[] Topics = [null, null, "t", "u"];

    private SeededRandom Random => world.Random;

    public Syscall Next(Caller caller)
    {
        var syscall = Random.Below(26) switch
        {
            0 or 1 or 24 or 25 => Register(caller),
            2 => Random.Chance(1_500)
                ? new Unregister { Name = Random.Pick(Boxes) } : new Unregister { Topic = "t" },
            3 => new Broadcast
            {
                Body = world.Mail.NextBody(),
                Topic = Random.Pick(Topics),
                IncludeSelf = Random.Chance(3_000) ? true : null,
                TtlMs = Random.Chance(2_000) ? Random.Between(1, 2_000) : null,
            },
            4 => Random.Chance(5_000) ? new Mailboxes() : new DeadLetters { Max = 5 },
            5 or 6 or 7 => Receipts(caller),
            8 or 9 => Reply(caller) ?? Send(),
            10 when Random.Chance(5_000) => SendMany(),
            < 17 => Send(),
            _ => Receive(caller),
        };
        world.Mail.Issued(syscall);
        return syscall;
    }

    private Register Register(Caller caller)
    {
        if (caller.IsHost)
        {
            return Random.Chance(5_000)
                ? new Register
                {
                    Name = "jobs",
                    Durable = true,
                    Receiver = "a",
                    MaxMessages = 3,
                    VisibilityMs = Random.Between(100, 3_000),
                    MaxDeliveries = 4,
                    Topic = Random.Pick(Topics),
                }
                : new Register { Name = "box", MaxMessages = 2, MaxBytes = 1_024, Receiver = "b", Topic = "t" };
        }

        return Random.Below(4) switch
        {
            0 => new Register { Name = "svc" },
            1 => new Register { Topic = Random.Pick(["t", "u"]) },
            2 => new Register { Name = "own-a", Durable = true, MaxMessages = 4, VisibilityMs = 500 },
            _ => new Register { Name = Random.Pick(Boxes) },
        };
    }

    private Send Send()
    {
        var byId = Random.Chance(2_000);
        var isQuiet = Random.Chance(2_500);
        return new Send
        {
            To = byId ? null : Random.Chance(2_000) ? Random.Pick(Declared)
                : world.Options.CrashWhenNeeded > 0 && Random.Chance(4_000) ? Work : Box(),
            ToId = byId ? SomeProcess() : null,
            Body = world.Mail.NextBody(),
            Topic = Random.Pick(Topics),
            Correlation = Random.Chance(1_000) ? "c" : null,
            Priority = Random.Chance(2_000) ? Random.Pick(Enum.GetValues<MailPriority>()) : null,
            TtlMs = Random.Chance(1_500) ? Random.Between(1, 3_000) : null,
            TimeoutMs = Random.Chance(4_000) ? Random.Between(0, 3_000) : null,
            ReplyTimeoutMs = !isQuiet && Random.Chance(3_000) ? Random.Between(1, 3_000) : null,
            IsQuiet = isQuiet,
            Key = Random.Chance(500) ? Random.Pick(["k", "l"]) : null,
            Handles = Random.Chance(5_000) ? true : null,
            Handle = world.Mail.NextHandle(),
        };
    }

    /// <summary>Several at once, at times more than there is room for.</summary>
    private Send SendMany() => Send() with
    {
        Body = null,
        Bodies = [.. Enumerable.Range(0, Random.Below(4) + 1).Select(_ => world.Mail.NextBody())],
        ReplyTimeoutMs = null,
        Handle = null,
    };

    private Send? Reply(Caller caller) => world.Mail.Asked(caller) is { } message
        ? new Send { InReplyTo = message, Body = Echo(message), Handle = world.Mail.NextHandle() }
        : null;

    private MailReply? ReplyFirst(Caller caller) =>
        Random.Chance(2_000) && world.Mail.Asked(caller) is { } message
            ? new MailReply { InReplyTo = message, Body = Echo(message) } : null;

    private static MailBody Echo(long message) =>
        new(System.Text.Encoding.UTF8.GetBytes(message.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private Syscall Receipts(Caller caller)
    {
        var receipts = world.Mail.Receipts(caller);
        return receipts.Length == 0 ? Receive(caller)
            : Random.Chance(7_000) ? new Ack { Receipts = receipts }
            : new Nack { Receipts = receipts, DelayMs = Random.Chance(5_000) ? Random.Between(0, 1_000) : null };
    }

    private Recv Receive(Caller caller) => new()
    {
        Mailbox = caller.IsHost || Random.Chance(4_000) ? OwnBox() : null,
        Max = Random.Chance(4_000) ? (int)Random.Between(1, 5) : null,
        TimeoutMs = Random.Chance(8_000) ? Random.Between(0, 2_000) : null,
        Topic = Random.Chance(1_500) ? "t" : null,
        Correlation = Random.Chance(500) ? "c" : null,
        From = Random.Chance(500) ? ProcessId.None : null,
        Handles = Random.Chance(6_000) ? true : null,
        Reply = ReplyFirst(caller),
    };

    /// <summary>Mostly one that is there.</summary>
    private string Box()
    {
        var living = world.Host.Living.Select(child => child.Id).ToArray();
        return Random.Chance(4_000) && living.Length > 0
            && world.Kernel.State.Processes.TryGet(Random.Pick(living), out var process) ? process.Name
            : OwnBox();
    }

    private string OwnBox()
    {
        var own = world.Kernel.State.Mail.Own.Select(box => box.Plan.Name).ToArray();
        return own.Length > 0 && !Random.Chance(1_000) ? Random.Pick(own) : Random.Pick(Boxes);
    }

    private ProcessId SomeProcess()
    {
        var living = world.Host.Living.Select(child => child.Id).ToArray();
        return living.Length > 0 && !Random.Chance(1_000)
            ? Random.Pick(living) : new ProcessId(Random.Between(1, world.Host.Launched + 1));
    }
}
