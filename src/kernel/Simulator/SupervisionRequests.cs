using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>
/// Makes requests about supervision that collide with each other: two fleets, few names, delays of milliseconds.
/// </summary>
internal sealed class SupervisionRequests(World world)
{
    private static readonly string[] Agents = ["fa", "fb", "fc", "fd"];

    private SeededRandom Random => world.Random;

    private bool AreSleepers => world.Options.CrashWhenNeeded > 0;

    public Syscall Next(Caller caller)
    {
        var units = world.Kernel.State.Fleets.Units.Select(unit => unit.Name).ToArray();
        if (!caller.IsHost)
        {
            return Random.Below(8) switch
            {
                0 or 1 => Watch(caller),
                2 => new Restart { Name = units.Length > 0 ? Random.Pick(units) : "fa" },
                3 => new Escalate { Reason = "it is too much" },
                _ => new Ready { Status = Random.Chance(3_000) ? "well" : null },
            };
        }

        return Random.Below(12) switch
        {
            0 or 1 or 2 or 3 => Apply(),
            4 => new FleetDown { Fleet = Random.Pick(["one", "two"]) },
            5 or 6 => new FleetRestart
            {
                Fleet = Random.Pick(["one", "two"]),
                Agent = Random.Pick([null, "fa", "fb"]),
                Rolling = Random.Chance(5_000),
            },
            7 => new FleetStatus { Fleet = Random.Pick([null, "one", "two", "three"]) },
            8 => new Restart { Name = units.Length > 0 ? Random.Pick(units) : "fa" },
            9 => new Kill { Name = units.Length > 0 ? Random.Pick(units) : "fa" },
            10 => Watch(caller),
            _ => new FleetApply { Fleet = "one", Agents = [Agent(0)], DryRun = true },
        };
    }

    private FleetApply Apply()
    {
        var first = Random.Below(2) * 2;
        return new FleetApply
        {
            Fleet = first == 0 ? "one" : Random.Pick(["one", "two"]),
            Agents = [.. Enumerable.Range(first, (int)Random.Between(1, 2)).Select(Agent)],
            Mailboxes = Random.Chance(AreSleepers ? 9_000 : 3_000) ? Mailboxes() : null,
            Supervisors =
            [
                new FleetSupervisor { Name = "root", Burst = Random.Pick([0, 2]), Strategy = Strategy() },
                new FleetSupervisor { Name = "mid", Burst = Random.Pick([0, 3]), Strategy = Strategy() },
                new FleetSupervisor { Name = "low", Parent = "mid", Burst = 2, Strategy = Strategy() },
            ],
        };
    }

    /// <summary>One that clients of the host make too, one with little room, and work for one that may rest.</summary>
    private FleetMailbox[] Mailboxes() =>
    [
        new FleetMailbox { Name = "box", Durable = Random.Pick<bool?>([null, false]) },
        new FleetMailbox { Name = "fbox", Durable = Random.Pick<bool?>([null, false]), MaxMessages = 3 },
        new FleetMailbox { Name = "fjobs", Receiver = Agents[0], VisibilityMs = 500, MaxDeliveries = 4 },
    ];

    private SupervisorStrategy Strategy() => Random.Pick(Enum.GetValues<SupervisorStrategy>());

    private FleetAgent Plain(int number) => new()
    {
        Name = Agents[number],
        Spawn = new Spawn
        {
            Argv = ["agent"],
            Limits = Random.Chance(3_000) ? new ResourceLimits { WallMs = Random.Between(1, 3_000) } : null,
            Permissions = Random.Chance(3_000) ? PermissionRequests.Some(Random) : null,
        },
        Supervisor = Random.Pick([null, "root", "mid", "low"]),
        After = number % 2 == 1 && Random.Chance(7_000) ? [Agents[number - 1]] : null,
        Replicas = Random.Chance(2_000) ? 2 : null,
        Restart = Rule(),
        Ready = Ready(),
        Stop = new StopRule { GraceMs = Random.Pick([0L, 200]), DrainMs = Random.Pick<long?>([null, 0, 300, 1_000]) },
        Watchdog = Random.Chance(4_000) ? Dog() : null,
        Inbox = AreSleepers && Random.Chance(3_000) ? Inbox() : null,
        Digest = Random.Pick([null, "x", "y"]),
    };

    /// <summary>Some are started by the clock, some by a message, and some stop when nobody needs them.</summary>
    private FleetAgent Agent(int number)
    {
        var agent = Plain(number);
        var idle = Random.Chance(2_500) ? Random.Pick([100L, 1_000]) : (long?)null;
        if (AreSleepers && Random.Chance(6_000))
        {
            return agent with { StartOn = StartOn.Message, IdleStopMs = idle ?? 100, After = null };
        }

        return Random.Below(6) switch
        {
            0 => agent with
            {
                StartOn = StartOn.Schedule,
                Schedule = new FleetSchedule
                {
                    Cron = Random.Pick(["* * * * *", "@daily"]),
                    Zone = Random.Pick([null, "UTC", "Europe/Vienna"]),
                    Missed = Random.Pick<MissedStart?>([null, MissedStart.Once]),
                },
            },
            1 or 2 => agent with { StartOn = StartOn.Message, IdleStopMs = idle },
            _ => agent with { IdleStopMs = idle },
        };
    }

    private Watch Watch(Caller caller)
    {
        var own = world.Kernel.State.Processes.LivingChildren(caller.Process).Select(child => child.Name).ToArray();
        var isNew = Random.Chance(3_000);
        return new Watch
        {
            Spawn = isNew ? new Spawn { Argv = ["agent"], Name = Random.Pick(["a", "b", "wa", "wb"]) } : null,
            Name = isNew ? null : own.Length > 0 ? Random.Pick(own) : "a",
            Restart = Rule(),
            Watchdog = Random.Chance(3_000) ? Dog() : null,
            Orphan = Random.Pick(Enum.GetValues<OrphanRule>()),
        };
    }

    private RestartRule Rule() => new()
    {
        Policy = Random.Pick<RestartPolicy?>(
            [null, RestartPolicy.Always, RestartPolicy.OnFailure, RestartPolicy.OnAbnormal]),
        BackoffMs = Random.Pick([0L, 50, 400]),
        BackoffMaxMs = Random.Pick([400L, 3_000]),
        ResetAfterMs = Random.Pick([500L, 60_000]),
        Burst = Random.Pick([0, 2, 5]),
        IntervalMs = Random.Pick([1_000L, 60_000]),
    };

    private ReadyRule? Ready() => Random.Below(4) switch
    {
        0 => new ReadyRule { When = ReadyWhen.Syscall, TimeoutMs = Random.Pick([300L, 5_000]) },
        1 => new ReadyRule { When = ReadyWhen.Probe, Probe = ["test"], IntervalMs = 100, TimeoutMs = 3_000 },
        _ => null,
    };

    private InboxRule Inbox() => new()
    {
        MaxMessages = Random.Pick<int?>([null, 1, 2]),
        MaxBytes = Random.Pick<long?>([null, 1_024]),
    };

    private WatchdogRule Dog() => new()
    {
        HeartbeatMs = Random.Pick([0L, 500, 5_000]),
        RepeatMax = Random.Pick([0, 2]),
        TokensWithoutProgressMax = Random.Pick([0L, 100]),
        Action = Random.Pick(Enum.GetValues<WatchdogAction>()),
    };
}
