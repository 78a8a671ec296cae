using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>Groups of agents and chains of models, from their lists in the settings.</summary>
internal static class ModelGroups
{
    /// <summary>The groups with their weights and budgets; <c>default</c> is always one of them.</summary>
    public static List<GroupOptions> Groups(MachineOptions machine, List<string> problems)
    {
        var section = machine.Models;
        var weights = Numbers("models.groups", section.Groups, problems);
        var tokens = Numbers("models.group_tokens", section.GroupTokens, problems);
        var money = Numbers("models.group_microdollars", section.GroupMicrodollars, problems);
        weights.TryAdd(GroupOptions.DefaultName, FairNode.WeightDefault);
        foreach (var (key, names) in new[] { ("group_tokens", tokens.Keys), ("group_microdollars", money.Keys) })
        {
            problems.AddRange(names.Where(name => !weights.ContainsKey(name)).Select(name =>
                $"models.{key} names {name}, and models.groups has no such group{Near(name, weights.Keys)}"));
        }

        return
        [
            .. weights.Select(group => new GroupOptions(group.Key)
            {
                Weight = (int)Math.Clamp(group.Value, int.MinValue, int.MaxValue),
                Budget = new ModelBudget
                {
                    Tokens = tokens.TryGetValue(group.Key, out var most) ? most : null,
                    Microdollars = money.TryGetValue(group.Key, out var cost) ? cost : null,
                },
            }),
        ];
    }

    /// <summary>Each model with those to try after it: <c>MODEL=OTHER>THIRD</c>.</summary>
    public static List<ModelEntry> WithFallback(
        MachineOptions machine, List<ModelEntry> models, List<string> problems)
    {
        var chains = NamedValues.Pairs("models.fallback", machine.Models.Fallback, problems);
        problems.AddRange(chains.Keys.Where(name => models.All(model => model.Name != name)).Select(name =>
            $"models.fallback names {name}, and there is no such model{Near(name, models.Select(one => one.Name))}"));
        return
        [
            .. models.Select(model => chains.TryGetValue(model.Name, out var chain)
                ? model with { Fallback = chain.Split('>', StringSplitOptions.TrimEntries) } : model),
        ];
    }

    /// <summary>Each model with its own rates: <c>MODEL=REQUESTS/TOKENS</c> a minute.</summary>
    public static List<ModelEntry> WithRates(
        MachineOptions machine, List<ModelEntry> models, List<string> problems)
    {
        Dictionary<string, RateLimit> limits = new(StringComparer.Ordinal);
        foreach (var (name, value) in NamedValues.Pairs("models.rate_limits", machine.Models.RateLimits, problems))
        {
            if (models.All(model => model.Name != name))
            {
                problems.Add($"models.rate_limits names {name}, and there is no such model"
                    + Near(name, models.Select(model => model.Name)));
            }
            else if (value.Split('/') is [var requests, var tokens] && IsRate(requests, out var most)
                && IsRate(tokens, out var size))
            {
                limits[name] = new RateLimit(most, size);
            }
            else
            {
                problems.Add(
                    $"models.rate_limits has '{value}' for {name}; it must be REQUESTS/TOKENS a minute, each 0 to "
                    + $"{TokenBucket.PerMinuteMax}");
            }
        }

        return
        [
            .. models.Select(model => limits.TryGetValue(model.Name, out var limit)
                ? model with { Limit = limit } : model),
        ];
    }

    /// <summary>After how long each model or alias is hedged: <c>MODEL=p95</c>, <c>ALIAS=MILLISECONDS</c>.</summary>
    public static Dictionary<string, HedgeOptions> Hedges(
        MachineOptions machine, List<ModelEntry> models, IEnumerable<string> aliases, List<string> problems)
    {
        Dictionary<string, HedgeOptions> hedges = new(StringComparer.Ordinal);
        List<string> known = [.. models.Select(model => model.Name), .. aliases];
        foreach (var (name, value) in NamedValues.Pairs("models.hedge", machine.Models.Hedge, problems))
        {
            var isTime = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var delay);
            if (!known.Contains(name))
            {
                problems.Add(
                    $"models.hedge names {name}, and there is no such model or alias{Near(name, known)}");
            }
            else if (value != "p95" && (!isTime || delay is < 1 or > Limits.WaitMsMax))
            {
                problems.Add(
                    $"models.hedge has '{value}' for {name}; it must be p95, or milliseconds from 1 to "
                    + $"{Limits.WaitMsMax}");
            }
            else
            {
                hedges[name] = new HedgeOptions(isTime ? delay : null, machine.Models.HedgePercent);
            }
        }

        return hedges;
    }

    private static bool IsRate(string text, out long rate) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out rate)
        && rate <= TokenBucket.PerMinuteMax;

    private static Dictionary<string, long> Numbers(string key, string text, List<string> problems)
    {
        Dictionary<string, long> numbers = new(StringComparer.Ordinal);
        foreach (var (name, value) in NamedValues.Pairs(key, text, problems))
        {
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers[name] = number;
            }
            else
            {
                problems.Add($"{key} has '{value}' for {name}; it must be a whole number");
            }
        }

        return numbers;
    }

    private static string Near(string name, IEnumerable<string> known) =>
        Abi.Suggestion.For(name, known) is { } near ? $"; did you mean {near}?" : "";
}
