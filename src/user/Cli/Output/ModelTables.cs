using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Models as <c>llm</c> shows them.</summary>
internal static class ModelTables
{
    private static readonly Column[] ProviderColumns =
    [
        new("PROVIDER"), new("SLOTS"), new("RUNNING"), new("WAITING"), new("WAIT"),
        new("MODELS") { MayBeCut = true, Wanted = 24 },
    ];

    private static readonly Column[] AgentColumns =
    [
        new("ID"), new("AGENT") { MayBeCut = true }, new("CALLS"), new("TOKENS"), new("SHARE", 3), new("WEIGHT", 6),
        new("COST"), new("RUNNING", 8), new("WAITING"), new("THROTTLED", 2), new("REFUSED", 1),
        new("WAIT P50", 5), new("P95", 7), new("LATENCY P50", 4), new("P95", 6),
    ];

    private static readonly Column[] HedgeColumns =
    [
        new("HEDGED") { MayBeCut = true }, new("AFTER"), new("MOST", 2), new("ATTEMPTS"), new("HEDGES"), new("WON"),
        new("HELD BACK", 1),
    ];

    private static readonly Column[] BudgetColumns =
    [
        new("SCOPE"), new("OF") { MayBeCut = true }, new("UNIT"), new("LIMIT"), new("SPENT", 1), new("RESERVED", 2),
        new("LEFT"), new("USED", 3),
    ];

    // Rare: in budgets that a kernel's sudden end has left with it.
    private static readonly Column Presumed = new("PRESUMED", 1);

    public static IRenderable Budgets(IReadOnlyList<BudgetUse> budgets, int width) =>
        budgets.Any(budget => budget.Presumed is not null)
            ? PlainTable.Render(
                [.. BudgetColumns, Presumed],
                budgets.Select<BudgetUse, string[]>(budget => [.. Cells(budget), Amount(budget, budget.Presumed ?? 0)]),
                width)
            : PlainTable.Render(BudgetColumns, budgets.Select(Cells), width);

    public static IRenderable Render(LlmReply models, int width) => new Rows(
    [
        PlainTable.Render(ProviderColumns, models.Providers.Select(Cells), width),
        PlainTable.Render(AgentColumns, models.Agents.Select(Cells), width),
        .. models.Hedges is { Count: > 0 } hedges
            ? [PlainTable.Render(HedgeColumns, hedges.Select(Cells), width)] : Array.Empty<IRenderable>(),
    ]);

    public static string Money(long microdollars) =>
        string.Create(CultureInfo.InvariantCulture, $"${microdollars / 1_000_000m:0.000000}");

    private static string[] Cells(ProviderLoad provider) =>
    [
        provider.Simulated ? $"{provider.Name} (simulated)" : provider.Name,
        Number(provider.Slots),
        Number(provider.Running),
        Number(provider.Waiting),
        provider.WaitMs == 0 ? "-" : Durations.Format(provider.WaitMs),
        string.Join(", ", provider.Models),
    ];

    private static string[] Cells(HedgeUse hedge) =>
    [
        hedge.Model,
        hedge.DelayMs is { } delay ? Durations.Format(delay) : "p95",
        string.Create(CultureInfo.InvariantCulture, $"{hedge.PercentMax} %"),
        Number(hedge.Attempts),
        Number(hedge.Hedges),
        Number(hedge.Won),
        Number(hedge.HeldBack),
    ];

    private static string[] Cells(ModelUse agent) =>
    [
        agent.State is null ? "-" : agent.Process.ToString(),
        agent.Name,
        Number(agent.Calls),
        Number(Tokens(agent)),
        agent.Share == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * agent.Share:0.0} %"),
        Number(agent.Weight),
        Money(agent.Usage.Microdollars),
        Number(agent.Running),
        Number(agent.Waiting),
        Number(agent.Throttled),
        Number(agent.Refused),
        Durations.Format(agent.WaitP50Ms),
        Durations.Format(agent.WaitP95Ms),
        Durations.Format(agent.LatencyP50Ms),
        Durations.Format(agent.LatencyP95Ms),
    ];

    private static string[] Cells(BudgetUse budget) =>
    [
        budget.Scope,
        budget.Of.Length > 0 ? budget.Of : "-",
        budget.Unit == "microdollars" ? "dollars" : budget.Unit,
        Amount(budget, budget.Limit),
        Amount(budget, budget.Spent),
        Amount(budget, budget.Reserved),
        Amount(budget, budget.Left),
        budget.Limit == 0
            ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * budget.Spent / budget.Limit:0.0} %"),
    ];

    private static string Amount(BudgetUse budget, long amount) =>
        budget.Unit == "microdollars" ? Money(amount) : Number(amount);

    private static long Tokens(ModelUse agent) => agent.Usage.InputTokens + agent.Usage.OutputTokens;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
