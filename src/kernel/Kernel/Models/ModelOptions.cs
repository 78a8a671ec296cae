using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Models;

/// <summary>
/// What the owner decided about models: who provides them, what they cost, who may use how much. The default is the
/// embedded simulator and no limit of money; every answer of it says that it is simulated.
/// </summary>
public sealed record ModelOptions
{
    public IReadOnlyList<ProviderOptions> Providers { get; init; } = [ProviderOptions.Simulator];

    public IReadOnlyList<ModelEntry> Models { get; init; } = [ModelEntry.Simulator];

    /// <summary>Other names for models.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>The model or alias of a call that names none.</summary>
    public string Default { get; init; } = ModelEntry.Simulator.Name;

    public IReadOnlyList<GroupOptions> Groups { get; init; } = [new GroupOptions(GroupOptions.DefaultName)];

    /// <summary>Known and not set up: who asks for a model of theirs is told what is missing.</summary>
    // Null where a journal was written before there was this.
    public IReadOnlyList<AbsentProvider> Absent { get; init => field = value ?? []; } = [];

    /// <summary>What all agents together may spend from midnight to midnight UTC.</summary>
    public ModelBudget DayBudget { get; init; } = new();

    /// <summary>What an agent may spend in its life, unless its spawner said less or more.</summary>
    public ModelBudget AgentBudget { get; init; } = new();

    /// <summary>What one call may cost, unless it says so itself; the smaller holds.</summary>
    public ModelBudget CallBudget { get; init; } = new();

    /// <summary>Of an agent, unless its spawner said otherwise.</summary>
    public RateLimit AgentLimit { get; init; } = RateLimit.None;

    /// <summary>Models and aliases whose slow calls get a second attempt.</summary>
    // Null where a journal was written before there was this.
    public IReadOnlyDictionary<string, HedgeOptions> Hedges
    {
        get;
        init => field = value ?? new Dictionary<string, HedgeOptions>();
    } = new Dictionary<string, HedgeOptions>();

    public ModelQueueOptions Queue { get; init; } = new();

    public RetryOptions Retry { get; init; } = new();

    public RunawayOptions Runaway { get; init; } = new();

    /// <summary>
    /// True: an agent over its budget is paused, and its call waits. Resumed, it is refused if too little is left.
    /// </summary>
    public bool PauseWhenExhausted { get; init; }

    /// <summary>Of the random numbers behind retry delays; the daemon draws one at each start.</summary>
    public long Seed { get; init; }

    public IEnumerable<string> Problems() => ModelOptionRules.Problems(this);
}

/// <summary>Who runs models, and what it takes at once.</summary>
public sealed record ProviderOptions(string Name)
{
    public static ProviderOptions Simulator { get; } = new("sim") { Simulated = true };

    /// <summary>Calls in flight at once.</summary>
    public int Slots { get; init; } = 16;

    public RateLimit Limit { get; init; } = RateLimit.None;

    /// <summary>How long one attempt may run.</summary>
    public long AttemptMs { get; init; } = 300_000;

    /// <summary>The entry that takes every name which no entry has; null: unknown names are refused.</summary>
    public string? AnyModel { get; init; }

    /// <summary>Its answers are made up, and say so.</summary>
    public bool Simulated { get; init; }
}

/// <summary>A provider that has no key: its models by the beginnings of their names, and how it is set up.</summary>
public sealed record AbsentProvider(string Name, IReadOnlyList<string> Prefixes, string Remedy)
{
    public bool MayHave(string model) =>
        Prefixes.Any(prefix => model.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One model: whose, how large, at what price.</summary>
public sealed record ModelEntry(string Name, string Provider)
{
    public static ModelEntry Simulator { get; } = new("sim", "sim");

    /// <summary>Its name at the provider, when that is another.</summary>
    public string? ProviderModel { get; init; }

    /// <summary>The most tokens of input.</summary>
    public long ContextTokens { get; init; } = 1_000_000;

    /// <summary>The most tokens of an answer, when the call does not say.</summary>
    public long OutputTokens { get; init; } = 4_096;

    /// <summary>The most that a call may ask for.</summary>
    public long OutputTokensMax { get; init; } = 65_536;

    /// <summary>Microdollars for a million tokens read; so 0.30 dollars are 300,000.</summary>
    public long InputPrice { get; init; }

    /// <summary>Microdollars for a million tokens written.</summary>
    public long OutputPrice { get; init; }

    public RateLimit Limit { get; init; } = RateLimit.None;

    /// <summary>Models to try in order when this one fails.</summary>
    public IReadOnlyList<string> Fallback { get; init; } = [];

    /// <summary>Rounded up: what is reserved is never too little.</summary>
    public long Price(long inputTokens, long outputTokens)
    {
        var cost = ((Int128)inputTokens * InputPrice) + ((Int128)outputTokens * OutputPrice);
        return (long)((cost + 999_999) / 1_000_000);
    }
}

/// <summary>Agents that share: a tenant, a team.</summary>
public sealed record GroupOptions(string Name)
{
    public const string DefaultName = "default";

    /// <summary>1 to 10000.</summary>
    public int Weight { get; init; } = FairNode.WeightDefault;

    /// <summary>What its agents together may spend, ever.</summary>
    public ModelBudget Budget { get; init; } = new();
}

/// <summary>How long the queue may be, and a call in it, and what counts as service.</summary>
public sealed record ModelQueueOptions
{
    /// <summary>Calls that wait for one provider.</summary>
    public int WaitingMax { get; init; } = 10_000;

    /// <summary>Of them, calls of one agent and its descendants.</summary>
    public int WaitingPerAgentMax { get; init; } = 1_000;

    public long TimeoutMs { get; init; } = 120_000;

    /// <summary>Service of a token read.</summary>
    public int InputWeight { get; init; } = 1;

    /// <summary>Service of a token written.</summary>
    public int OutputWeight { get; init; } = 2;

    [JsonIgnore]
    public long TimeoutTicks => TimeoutMs * TimeSpan.TicksPerMillisecond;

    public long Service(long inputTokens, long outputTokens) =>
        (InputWeight * inputTokens) + (OutputWeight * outputTokens);
}

/// <summary>What happens after a failure.</summary>
public sealed record RetryOptions
{
    /// <summary>Attempts on one model, the first included.</summary>
    public int AttemptsMax { get; init; } = 4;

    /// <summary>The first delay is drawn from 0 to this; each next range is twice as wide.</summary>
    public long BaseMs { get; init; } = 500;

    public long DelayMsMax { get; init; } = 20_000;

    /// <summary>A provider that asks for a longer wait has failed.</summary>
    public long RetryAfterMsMax { get; init; } = 60_000;

    /// <summary>Failures in a row after which a model is left alone.</summary>
    public int BreakerFailures { get; init; } = 5;

    /// <summary>For how long, until one call may try it.</summary>
    public long BreakerOpenMs { get; init; } = 30_000;
}

/// <summary>When an agent counts as having lost its way; 0 switches a rule off. Host clients are exempt.</summary>
public sealed record RunawayOptions
{
    /// <summary>The same request within the window.</summary>
    public int SameRequestMax { get; init; } = 32;

    public long WindowMs { get; init; } = 600_000;

    /// <summary>Calls a minute, by an agent and its descendants.</summary>
    public int CallsPerMinuteMax { get; init; } = 1_200;

    /// <summary>Tokens used since the agent last made another syscall than THINK.</summary>
    public long TokensWithoutProgressMax { get; init; }

    /// <summary>True: the agent is paused as well as refused.</summary>
    public bool Pauses { get; init; }
}
