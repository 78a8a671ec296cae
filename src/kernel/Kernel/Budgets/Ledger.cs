using System.Text.Json.Serialization;

namespace Analemma.Kernel.Budgets;

/// <summary>What model calls have cost.</summary>
public sealed record Spend(long Calls, long InputTokens, long OutputTokens, long Microdollars)
{
    public static Spend Nothing { get; } = new(0, 0, 0, 0);

    [JsonIgnore]
    public long Tokens => InputTokens + OutputTokens;

    public Spend Plus(Spend other) => new(
        Calls + other.Calls,
        InputTokens + other.InputTokens,
        OutputTokens + other.OutputTokens,
        Microdollars + other.Microdollars);
}

/// <summary>What groups have spent, and all together today. Durable; what a process has spent is in its row.</summary>
public sealed class Ledger
{
    private readonly SortedDictionary<string, Spend> _groups = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Spend> Groups => _groups;

    /// <summary>Days since the year 1, UTC.</summary>
    public long Day { get; private set; }

    public Spend Today { get; private set; } = Spend.Nothing;

    public Spend OfGroup(string group) => _groups.GetValueOrDefault(group, Spend.Nothing);

    public Spend OnDayOf(long now) => now / TimeSpan.TicksPerDay > Day ? Spend.Nothing : Today;

    internal void Add(string group, Spend spend, long at)
    {
        _groups[group] = OfGroup(group).Plus(spend);
        Today = OnDayOf(at).Plus(spend);
        Day = Math.Max(Day, at / TimeSpan.TicksPerDay);
    }

    internal LedgerBody ToBody() => new() { Groups = _groups, Day = Day, Today = Today };

    internal void Restore(LedgerBody body)
    {
        foreach (var (group, spend) in body.Groups)
        {
            _groups[group] = spend;
        }

        (Day, Today) = (body.Day, body.Today);
    }
}

internal sealed record LedgerBody
{
    public IReadOnlyDictionary<string, Spend> Groups { get; init; } = new Dictionary<string, Spend>();

    public long Day { get; init; }

    public Spend Today { get; init; } = Spend.Nothing;
}
