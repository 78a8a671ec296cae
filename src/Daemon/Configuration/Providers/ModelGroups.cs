using System.Globalization;
using Analemma.Abi.Syscalls;
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
