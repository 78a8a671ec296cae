using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Models;

/// <summary>When model options make sense: all problems at once, each naming its key.</summary>
internal static class ModelOptionRules
{
    public static IEnumerable<string> Problems(ModelOptions options) =>
    [
        .. Unique("models.providers", options.Providers.Select(provider => provider.Name)),
        .. Unique("models.models", options.Models.Select(model => model.Name).Concat(options.Aliases.Keys)),
        .. Unique("models.groups", options.Groups.Select(group => group.Name)),
        .. options.Providers.SelectMany(provider => ProviderProblems(options, provider)),
        .. options.Models.SelectMany(model => EntryProblems(options, model)),
        .. options.Groups.SelectMany(GroupProblems),
        .. options.Aliases.SelectMany(alias => Known(options, $"models.aliases.{alias.Key}", alias.Value)),
        .. options.Aliases.ContainsKey(options.Default) ? [] : Known(options, "models.default", options.Default),
        .. options.Groups.Any(group => group.Name == GroupOptions.DefaultName)
            ? Array.Empty<string>() : ["models.groups has no group called default"],
        .. BudgetProblems("models.day_budget", options.DayBudget),
        .. BudgetProblems("models.agent_budget", options.AgentBudget),
        .. BudgetProblems("models.call_budget", options.CallBudget),
        .. RateProblems("models.agent_limit", options.AgentLimit),
        .. options.Hedges.SelectMany(hedge => HedgeProblems(options, hedge.Key, hedge.Value)),
        .. QueueProblems(options.Queue),
        .. RetryProblems(options.Retry),
        .. RunawayProblems(options.Runaway),
    ];

    public static IEnumerable<string> BudgetProblems(string key, ModelBudget? budget) =>
    [
        .. Range($"{key}.tokens", budget?.Tokens ?? 0, 0, Limits.BudgetMax),
        .. Range($"{key}.microdollars", budget?.Microdollars ?? 0, 0, Limits.BudgetMax),
    ];

    private static IEnumerable<string> ProviderProblems(ModelOptions options, ProviderOptions provider) =>
    [
        .. Range($"models.providers.{provider.Name}.slots", provider.Slots, 1, Limits.ModelSlotsMax),
        .. Range($"models.providers.{provider.Name}.attempt_ms", provider.AttemptMs, 1, Limits.WaitMsMax),
        .. RateProblems($"models.providers.{provider.Name}.limit", provider.Limit),
        .. provider.AnyModel is { } any ? Known(options, $"models.providers.{provider.Name}.any_model", any) : [],
    ];

    private static IEnumerable<string> EntryProblems(ModelOptions options, ModelEntry model)
    {
        var key = $"models.models.{model.Name}";
        return
        [
            .. options.Providers.Any(provider => provider.Name == model.Provider)
                ? Array.Empty<string>() : [$"{key}.provider is {model.Provider}, and there is no such provider"],
            .. Range($"{key}.context_tokens", model.ContextTokens, 1, TokenBucket.AmountMax),
            .. Range($"{key}.output_tokens_max", model.OutputTokensMax, 1, TokenBucket.AmountMax),
            .. Range($"{key}.output_tokens", model.OutputTokens, 1, model.OutputTokensMax),
            .. Range($"{key}.input_price", model.InputPrice, 0, Limits.PriceMax),
            .. Range($"{key}.output_price", model.OutputPrice, 0, Limits.PriceMax),
            .. RateProblems($"{key}.limit", model.Limit),
            .. model.Fallback.SelectMany(name => Known(options, $"{key}.fallback", name)),
            .. model.Fallback.Contains(model.Name) ? [$"{key}.fallback names the model itself"] : Array.Empty<string>(),
        ];
    }

    private static IEnumerable<string> GroupProblems(GroupOptions group) =>
    [
        .. Range($"models.groups.{group.Name}.weight", group.Weight, 1, FairNode.WeightMax),
        .. BudgetProblems($"models.groups.{group.Name}.budget", group.Budget),
    ];

    private static IEnumerable<string> RateProblems(string key, RateLimit limit) =>
    [
        .. Range($"{key}.requests_per_minute", limit.RequestsPerMinute, 0, TokenBucket.PerMinuteMax),
        .. Range($"{key}.tokens_per_minute", limit.TokensPerMinute, 0, TokenBucket.PerMinuteMax),
    ];

    private static IEnumerable<string> HedgeProblems(ModelOptions options, string name, HedgeOptions hedge) =>
    [
        .. options.Aliases.ContainsKey(name) ? [] : Known(options, "models.hedge", name),
        .. Range($"models.hedge.{name}", hedge.DelayMs ?? 1, 1, Limits.WaitMsMax),
        .. Range("models.hedge_percent", hedge.PercentMax, 1, 100),
    ];

    private static IEnumerable<string> QueueProblems(ModelQueueOptions queue) =>
    [
        .. Range("models.queue.waiting_max", queue.WaitingMax, 1, Limits.ModelCallsMax),
        .. Range("models.queue.waiting_per_agent_max", queue.WaitingPerAgentMax, 1, Limits.ModelCallsMax),
        .. Range("models.queue.timeout_ms", queue.TimeoutMs, 1, Limits.WaitMsMax),
        .. Range("models.queue.input_weight", queue.InputWeight, 0, 100),
        .. Range("models.queue.output_weight", queue.OutputWeight, 1, 100),
    ];

    private static IEnumerable<string> RetryProblems(RetryOptions retry) =>
    [
        .. Range("models.retry.attempts_max", retry.AttemptsMax, 1, 20),
        .. Range("models.retry.base_ms", retry.BaseMs, 1, 60_000),
        .. Range("models.retry.delay_ms_max", retry.DelayMsMax, 1, 600_000),
        .. Range("models.retry.retry_after_ms_max", retry.RetryAfterMsMax, 0, 3_600_000),
        .. Range("models.retry.breaker_failures", retry.BreakerFailures, 1, 1_000),
        .. Range("models.retry.breaker_open_ms", retry.BreakerOpenMs, 1, 3_600_000),
    ];

    private static IEnumerable<string> RunawayProblems(RunawayOptions runaway) =>
    [
        .. Range("models.runaway.same_request_max", runaway.SameRequestMax, 0, 1_000_000),
        .. Range("models.runaway.window_ms", runaway.WindowMs, 1, Limits.WaitMsMax),
        .. Range("models.runaway.calls_per_minute_max", runaway.CallsPerMinuteMax, 0, 1_000_000),
        .. Range("models.runaway.tokens_without_progress_max", runaway.TokensWithoutProgressMax, 0, Limits.BudgetMax),
    ];

    private static IEnumerable<string> Known(ModelOptions options, string key, string name)
    {
        if (!options.Models.Any(model => model.Name == name))
        {
            yield return $"{key} is {name}, and there is no such model";
        }
    }

    private static IEnumerable<string> Unique(string key, IEnumerable<string> names) => names
        .GroupBy(name => name, StringComparer.Ordinal)
        .Where(group => group.Count() > 1 || group.Key.Length == 0)
        .Select(group => $"{key}: {(group.Key.Length == 0 ? "a name is empty" : $"{group.Key} is there twice")}");

    private static IEnumerable<string> Range(string key, long value, long min, long max) =>
        Policy.SyscallRules.Range(key, value, min, max);
}
