using Analemma.Abi;

namespace Analemma.Kernel.Budgets;

/// <summary>Sums of amounts, for each whom they fall under: a process and all above it, a group, and all.</summary>
internal sealed class ScopedAmounts
{
    private readonly Dictionary<ProcessId, Amount> _byProcess = [];
    private readonly Dictionary<string, Amount> _byGroup = new(StringComparer.Ordinal);

    public Amount All { get; private set; }

    public Amount Of(ProcessId process) => _byProcess.GetValueOrDefault(process);

    public Amount Of(string group) => _byGroup.GetValueOrDefault(group);

    public void Add(IReadOnlyList<ProcessId> family, string group, Amount amount)
    {
        foreach (var id in family)
        {
            Put(_byProcess, id, Of(id).Plus(amount));
        }

        Put(_byGroup, group, Of(group).Plus(amount));
        All = All.Plus(amount);
    }

    private static void Put<T>(Dictionary<T, Amount> amounts, T key, Amount amount)
        where T : notnull
    {
        if (amount == default)
        {
            amounts.Remove(key);
        }
        else
        {
            amounts[key] = amount;
        }
    }
}

/// <summary>Tokens and microdollars.</summary>
public readonly record struct Amount(long Tokens, long Money)
{
    public Amount Plus(Amount other) => new(Tokens + other.Tokens, Money + other.Money);

    public Amount Minus(Amount other) => new(Tokens - other.Tokens, Money - other.Money);

    public bool FitsIn(Amount other) => Tokens <= other.Tokens && Money <= other.Money;

    /// <summary>The lesser of the tokens and the lesser of the money.</summary>
    public Amount AtMost(Amount other) => new(Math.Min(Tokens, other.Tokens), Math.Min(Money, other.Money));

    /// <summary>The greater of the tokens and the greater of the money.</summary>
    public Amount AtLeast(Amount other) => new(Math.Max(Tokens, other.Tokens), Math.Max(Money, other.Money));
}
