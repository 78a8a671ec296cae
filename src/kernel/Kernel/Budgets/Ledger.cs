using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Budgets;

/// <summary>What model calls have cost.</summary>
public sealed record Spend(long Calls, long InputTokens, long OutputTokens, long Microdollars)
{
    public static Spend Nothing { get; } = new(0, 0, 0, 0);

    /// <summary>
    /// The part of it that a kernel's end left unknown, and that was charged as the most that it can be: in
    /// <see cref="OutputTokens"/> and <see cref="Microdollars"/>. Null for nothing.
    /// </summary>
    public Amount? Presumed { get; init; }

    [JsonIgnore]
    public long Tokens => InputTokens + OutputTokens;

    public Spend Plus(Spend other) => new(
        Calls + other.Calls,
        InputTokens + other.InputTokens,
        OutputTokens + other.OutputTokens,
        Microdollars + other.Microdollars)
    {
        Presumed = Presumed is { } own && other.Presumed is { } others ? own.Plus(others) : Presumed ?? other.Presumed,
    };
}

/// <summary>
/// What groups have spent, and all together today, and limits that were set in place of the settings'. Durable; what a
/// process has spent is in its row.
/// </summary>
public sealed class Ledger
{
    private readonly SortedDictionary<string, Spend> _groups = new(StringComparer.Ordinal);

    private readonly SortedDictionary<string, ModelBudget> _limits = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Spend> Groups => _groups;

    /// <summary>What was set for every day; null for what the settings say.</summary>
    public ModelBudget? DayLimit { get; internal set; }

    /// <summary>Days since the year 1, UTC.</summary>
    public long Day { get; private set; }

    public Spend Today { get; private set; } = Spend.Nothing;

    public Spend OfGroup(string group) => _groups.GetValueOrDefault(group, Spend.Nothing);

    /// <summary>What was set for a group; null for what the settings say.</summary>
    public ModelBudget? LimitOf(string group) => _limits.GetValueOrDefault(group);

    public Spend OnDayOf(long now) => now / TimeSpan.TicksPerDay > Day ? Spend.Nothing : Today;

    internal void Add(string group, Spend spend, long at)
    {
        _groups[group] = OfGroup(group).Plus(spend);
        Today = OnDayOf(at).Plus(spend);
        Day = Math.Max(Day, at / TimeSpan.TicksPerDay);
    }

    internal void SetLimit(string group, ModelBudget? limit)
    {
        if (limit is null)
        {
            _limits.Remove(group);
        }
        else
        {
            _limits[group] = limit;
        }
    }

    internal LedgerBody ToBody() => new()
    {
        Groups = _groups,
        Day = Day,
        Today = Today,
        Limits = _limits,
        DayLimit = DayLimit,
    };

    internal void Restore(LedgerBody body)
    {
        foreach (var (group, spend) in body.Groups)
        {
            _groups[group] = spend;
        }

        foreach (var (group, limit) in body.Limits)
        {
            _limits[group] = limit;
        }

        (Day, Today, DayLimit) = (body.Day, body.Today, body.DayLimit);
    }
}

internal sealed record LedgerBody
{
    public IReadOnlyDictionary<string, Spend> Groups { get; init; } = new Dictionary<string, Spend>();

    public long Day { get; init; }

    public Spend Today { get; init; } = Spend.Nothing;

    public IReadOnlyDictionary<string, ModelBudget> Limits
    {
        get;
        init => field = value ?? new Dictionary<string, ModelBudget>();
    } = new Dictionary<string, ModelBudget>();

    public ModelBudget? DayLimit { get; init; }
}

/// <summary>What groups and days may spend: as set by the owner, else as the settings say.</summary>
internal static class BudgetLimits
{
    public static ModelBudget OfGroup(KernelState state, GroupOptions group) =>
        state.Ledger.LimitOf(group.Name) ?? group.Budget;

    public static ModelBudget OfDay(KernelState state) => state.Ledger.DayLimit ?? state.Options.Models.DayBudget;
}
