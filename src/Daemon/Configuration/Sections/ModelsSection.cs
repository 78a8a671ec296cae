using Analemma.Kernel;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>
/// The <c>[models]</c> section of the machine file: what holds for all providers. Keys of providers are no settings:
/// they come from the environment of the kernel, or are secrets that a setting names.
/// </summary>
internal sealed record ModelsSection
{
    [Setting("The model or alias of calls that name none.",
        DefaultText = "the first model of gemini, openai or anthropic, whichever is set up first, else `sim`")]
    public string Default { get; init; } = "";

    [Setting("Other names for models: `fast=gemini-3.8-flash, local=qwen3`.")]
    public string Aliases { get; init; } = "";

    [Setting("Microdollars for a million tokens read and written: `MODEL=750000/3750000, LOCAL=0/0`. Over the list "
        + "prices that the kernel knows of its default models.")]
    public string Prices { get; init; } = "";

    [Setting("The most tokens of an answer, thinking included, when the call does not say.")]
    public long OutputTokens { get; init; } = 4_096;

    [Setting("Milliseconds that a call waits for its turn before it is refused with `try_again`.")]
    public long QueueTimeoutMs { get; init; } = 120_000;

    [Setting("Tokens that all agents together may use from midnight to midnight UTC; 0 for no limit.")]
    public long DayTokens { get; init; }

    [Setting("Microdollars that all agents together may spend from midnight to midnight UTC; 0 for no limit.")]
    public long DayMicrodollars { get; init; }

    [Setting("Tokens that an agent and its descendants may use in its life, unless its spawner said otherwise; 0 for "
        + "no limit.")]
    public long AgentTokens { get; init; }

    [Setting("Microdollars that an agent and its descendants may spend in its life, unless its spawner said otherwise; "
        + "0 for no limit.")]
    public long AgentMicrodollars { get; init; }

    [Setting("Tokens that one call may use, unless it says less itself; 0 for no limit.")]
    public long CallTokens { get; init; }

    [Setting("Microdollars that one call may cost, unless it says less itself; 0 for no limit.")]
    public long CallMicrodollars { get; init; }

    [Setting("Model calls a minute of an agent and its descendants, unless its spawner said otherwise; 0 for no "
        + "limit.")]
    public long AgentRequestsPerMinute { get; init; }

    [Setting("Tokens a minute of an agent and its descendants, unless its spawner said otherwise; 0 for no limit.")]
    public long AgentTokensPerMinute { get; init; }

    [Setting("Groups of agents, such as tenants, with their weights: `research=300, batch=50`. A spawn names one; "
        + "`default`, with weight 100, is always there.")]
    public string Groups { get; init; } = "";

    [Setting("Tokens that the agents of a group may use together, ever: `research=5000000`.")]
    public string GroupTokens { get; init; } = "";

    [Setting("Microdollars that the agents of a group may spend together, ever: `research=20000000`.")]
    public string GroupMicrodollars { get; init; } = "";

    [Setting("Requests and tokens a minute of a model, beside those of its provider; 0 for no limit: "
        + "`gpt-5.4-mini=500/200000, qwen3=60/0`.")]
    public string RateLimits { get; init; } = "";

    [Setting("Models to try in order when one fails: `gemini-3.8-flash=gpt-5.4-mini>sim`.")]
    public string Fallback { get; init; } = "";

    [Setting("Models and aliases whose slow calls get a second attempt beside the first, at the next model of the "
        + "fallback chain that has room or the same, and after how long: milliseconds, or `p95` for the time that 95 "
        + "of 100 calls before kept to. `fast=p95, gemini-3.8-flash=2000`.")]
    public string Hedge { get; init; } = "";

    [Setting("At most so many second attempts for a hundred first ones, 1 to 100.")]
    public int HedgePercent { get; init; } = Kernel.Models.HedgeOptions.PercentDefault;

    [Setting("Whether an agent over its budget is paused, and its call waits, instead of being refused.")]
    public bool PauseWhenExhausted { get; init; }

    public IEnumerable<string> Problems() =>
        new[]
        {
            Range("output_tokens", OutputTokens, 1, 1_000_000),
            Range("queue_timeout_ms", QueueTimeoutMs, 1, Limits.WaitMsMax),
            Range("day_tokens", DayTokens, 0, Limits.BudgetMax),
            Range("day_microdollars", DayMicrodollars, 0, Limits.BudgetMax),
            Range("agent_tokens", AgentTokens, 0, Limits.BudgetMax),
            Range("agent_microdollars", AgentMicrodollars, 0, Limits.BudgetMax),
            Range("call_tokens", CallTokens, 0, Limits.BudgetMax),
            Range("call_microdollars", CallMicrodollars, 0, Limits.BudgetMax),
            Range("agent_requests_per_minute", AgentRequestsPerMinute, 0, Kernel.Models.TokenBucket.PerMinuteMax),
            Range("hedge_percent", HedgePercent, 1, 100),
            Range("agent_tokens_per_minute", AgentTokensPerMinute, 0, Kernel.Models.TokenBucket.PerMinuteMax),
        }.OfType<string>();

    private static string? Range(string key, long value, long least, long most) =>
        value >= least && value <= most ? null : $"models.{key} is {value}; it must be {least} to {most}";
}
