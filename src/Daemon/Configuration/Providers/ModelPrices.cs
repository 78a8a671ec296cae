using Analemma.Kernel.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>The price table: what the owner wrote over what is known.</summary>
internal static class ModelPrices
{
    public static List<ModelEntry> Apply(MachineOptions machine, List<ModelEntry> models, List<string> problems)
    {
        var prices = NamedValues.Pairs("models.prices", machine.Models.Prices, problems);
        foreach (var (name, price) in prices)
        {
            if (!NamedValues.TryPrice(price, out _, out _))
            {
                problems.Add($"models.prices has '{price}' for {name}; a price is INPUT/OUTPUT in microdollars for a "
                    + $"million tokens, each at most {Kernel.Limits.PriceMax}");
            }
        }

        // Money that nobody counts is not limited.
        var isLimited = machine.Models.DayMicrodollars > 0 || machine.Models.AgentMicrodollars > 0
            || machine.Models.CallMicrodollars > 0 || machine.Models.GroupMicrodollars.Length > 0;
        problems.AddRange(models
            .Where(model => isLimited && model.Provider != ProviderOptions.Simulator.Name)
            .Where(model => !prices.ContainsKey(model.Name) && !KnownModels.HasPrice(model.Name))
            .Select(model => $"models.prices has no price for {model.Name}, and there is a budget of money"));
        return [.. models.Select(model => Priced(model, prices, machine.Models.OutputTokens))];
    }

    private static ModelEntry Priced(ModelEntry model, Dictionary<string, string> prices, long outputTokens)
    {
        var sized = model with { OutputTokens = Math.Clamp(outputTokens, 1, model.OutputTokensMax) };
        return prices.TryGetValue(model.Name, out var price)
            && NamedValues.TryPrice(price, out var input, out var output)
            ? sized with { InputPrice = input, OutputPrice = output }
            : sized;
    }
}
