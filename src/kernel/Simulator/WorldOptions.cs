using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Models;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Tools;
using Analemma.Kernel.Values;

namespace Analemma.Simulator;

/// <summary>
/// What kind of world a seed makes. Chances are per ten thousand. Drawn once, so that some worlds are calm and some are
/// not: faults that always come together hide each other.
/// </summary>
internal sealed record WorldOptions
{
    /// <summary>The kernel is killed, per turn of the kernel, at a random point of it.</summary>
    public int Crash { get; init; }

    public int DiskFull { get; init; }

    public int DiskError { get; init; }

    /// <summary>Of a body of a conversation or a value, that it cannot be kept.</summary>
    public int BodyError { get; init; }

    public int StartFails { get; init; }

    public int IgnoresTerm { get; init; }

    /// <summary>A client goes away instead of asking something.</summary>
    public int Disconnects { get; init; }

    /// <summary>An agent's denied attempts come by the hundred.</summary>
    public int DenialStorm { get; init; }

    /// <summary>After a restart a sandbox that still runs is ended instead of taken over.</summary>
    public int ReapsLeftovers { get; init; }

    /// <summary>Of an attempt at a model, that it fails in one way or another.</summary>
    public int ModelFaults { get; init; }

    /// <summary>Of a server of tools, that it does not start, or dies.</summary>
    public int ToolFaults { get; init; }

    /// <summary>Of a call of a tool, that it never ends by itself.</summary>
    public int ToolHangs { get; init; }

    /// <summary>Of a request, SHUTDOWN.</summary>
    public int Shutdowns { get; init; }

    /// <summary>Of a request, that it is about supervision.</summary>
    public int Fleets { get; init; }

    /// <summary>
    /// The kernel is killed between a message for an agent that rests and its start, per moment at which it can be.
    /// </summary>
    public int CrashWhenNeeded { get; init; }

    public int HostClients { get; init; }

    /// <summary>Between two requests, over all clients.</summary>
    public long PauseUsMax { get; init; }

    /// <summary>From the end of a sandbox to the kernel's hearing of it.</summary>
    public long ExitNoticeUsMax { get; init; }

    public KernelOptions Kernel { get; init; } = new();

    public static WorldOptions Draw(SeededRandom random) => new()
    {
        Crash = random.Pick([0, 20, 100, 300]),
        DiskFull = random.Pick([0, 0, 10, 100]),
        DiskError = random.Pick([0, 0, 10, 100]),
        BodyError = random.Pick([0, 0, 100, 1_000]),
        StartFails = random.Pick([0, 300, 2_000]),
        IgnoresTerm = random.Pick([0, 1_000, 5_000]),
        Disconnects = random.Pick([0, 50, 500]),
        DenialStorm = random.Pick([0, 0, 100, 1_000]),
        ReapsLeftovers = random.Pick([0, 2_000, 10_000]),
        ModelFaults = random.Pick([0, 500, 3_000]),
        ToolFaults = random.Pick([0, 1_000, 6_000]),
        ToolHangs = random.Pick([0, 500, 4_000]),
        Shutdowns = random.Pick([0, 5, 40]),
        HostClients = random.Pick([1, 3, 8]),
        PauseUsMax = random.Pick([500L, 5_000, 50_000]),
        ExitNoticeUsMax = random.Pick([200L, 5_000, 2_000_000]),
        Kernel = new KernelOptions
        {
            GraceMs = random.Pick([0L, 50, 2_000]),
            ProcessesMax = random.Pick([3, 12, 40]),
            EventsKept = random.Pick([2, 10, 40]),
            DeadRecordsMax = random.Pick([1, 4, 20]),
            UnsandboxedAllowed = random.Chance(5_000),
            Models = DrawModels(random),
            Tools = DrawTools(random),
            Store = new StoreOptions
            {
                KeysPerAgent = random.Pick([2, 5, 1_000]),
                BytesPerAgent = random.Pick([8_000L, 100_000]),
            },
            Enforced = random.Chance(5_000) ? GuaranteeNames.All : [.. GuaranteeNames.All.Take(3)],
            Supervision = new SupervisionOptions
            {
                RestartsPerSecond = random.Pick([2, 50]),
                RestartBurst = random.Pick([1, 100]),
            },
        },
        Fleets = random.Pick([0, 0, 500, 2_000]),
    };

    /// <summary>The same world of agents that rest, and of kernels that die when one of them is needed.</summary>
    public WorldOptions OfSleepers() => this with { Fleets = 2_500, CrashWhenNeeded = 5_000, Shutdowns = 0 };

    /// <summary>The same world, with slow calls that get a second attempt, or without.</summary>
    public WorldOptions WithHedges(SeededRandom random)
    {
        if (!random.Chance(5_000))
        {
            return this;
        }

        HedgeOptions hedge = new(random.Pick<long?>([null, 5, 5, 50]), random.Pick([10, 100, 100]));
        Dictionary<string, HedgeOptions> hedges = new() { ["sim"] = hedge, ["quick"] = hedge };
        return this with { Kernel = Kernel with { Models = Kernel.Models with { Hedges = hedges } } };
    }

    private static ToolOptions DrawTools(SeededRandom random) => new()
    {
        Servers =
        [
            new ToolServerOptions("fs")
            {
                CallsMax = random.Pick([1, 2, 16]),
                TimeoutMs = random.Pick([500L, 3_000]),
                StartsAtBoot = random.Chance(3_000),
            },
            new ToolServerOptions("web") { IsProgram = false, CallsMax = 2, TimeoutMs = 5_000 },
        ],
    };

    /// <summary>
    /// Small numbers, so that slots, queues, rates and budgets all run out now and then. Attempts and waits are short
    /// against the time in which every request must be answered.
    /// </summary>
    private static ModelOptions DrawModels(SeededRandom random) => new()
    {
        Providers =
        [
            ProviderOptions.Simulator with
            {
                Slots = random.Pick([1, 2, 8]),
                AttemptMs = 4_000,
                AnyModel = random.Chance(3_000) ? "sim" : null,
                Limit = random.Chance(3_000) ? new RateLimit(120, 50_000) : RateLimit.None,
            },
            new ProviderOptions("other") { Slots = random.Pick([1, 3]), AttemptMs = 3_000 },
        ],
        Models =
        [
            ModelEntry.Simulator with
            {
                OutputTokens = 200,
                InputPrice = 100_000,
                OutputPrice = 400_000,
                Fallback = random.Chance(5_000) ? ["small"] : [],
            },
            new ModelEntry("small", "other")
            {
                OutputTokens = 100,
                OutputTokensMax = 250,
                OutputPrice = 1_000_000,
                Limit = random.Chance(3_000) ? new RateLimit(60, 20_000) : RateLimit.None,
            },
        ],
        Aliases = new Dictionary<string, string> { ["quick"] = "small" },
        Groups =
        [
            new GroupOptions(GroupOptions.DefaultName),
            new GroupOptions("team")
            {
                Weight = 300,
                Budget = new ModelBudget { Tokens = random.Pick([500L, 20_000, 1_000_000]) },
            },
        ],
        DayBudget = new ModelBudget { Microdollars = random.Pick([2_000L, 100_000, 100_000_000]) },
        AgentBudget = random.Chance(5_000) ? new ModelBudget { Tokens = 5_000 } : new ModelBudget(),
        Queue = new ModelQueueOptions
        {
            WaitingMax = random.Pick([4, 100]),
            WaitingPerAgentMax = random.Pick([3, 50]),
            TimeoutMs = random.Pick([500L, 5_000]),
        },
        Retry = new RetryOptions
        {
            AttemptsMax = 3,
            BaseMs = 200,
            DelayMsMax = 1_000,
            RetryAfterMsMax = 2_000,
            BreakerFailures = random.Pick([2, 10]),
            BreakerOpenMs = 2_000,
        },
        Runaway = new RunawayOptions
        {
            SameRequestMax = random.Pick([0, 2]),
            WindowMs = 10_000,
            CallsPerMinuteMax = random.Pick([0, 100]),
            TokensWithoutProgressMax = random.Pick([0L, 200]),
            Pauses = random.Chance(5_000),
        },
        PauseWhenExhausted = random.Chance(5_000),
        Seed = random.Between(0, long.MaxValue - 1),
    };
}
