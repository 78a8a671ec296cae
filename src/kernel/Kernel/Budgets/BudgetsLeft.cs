using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Budgets;

/// <summary>How budgets stand, for LLM and metrics.</summary>
internal static class BudgetsLeft
{
    /// <summary>Of the day, the groups, and the living agents that a client on the host spawned.</summary>
    public static IEnumerable<BudgetUse> Left(this Budgets budgets, KernelState state)
    {
        var figures = budgets.LeftOfDay(state);
        foreach (var group in state.Options.Models.Groups)
        {
            figures = figures.Concat(budgets.LeftOf(state, group));
        }

        return figures.Concat(state.Processes.Living
            .Where(process => process.Parent == ProcessId.None)
            .SelectMany(budgets.LeftOf));
    }

    public static IEnumerable<BudgetUse> LeftOfDay(this Budgets budgets, KernelState state) => Figures(
        "day", "", BudgetLimits.OfDay(state), state.Ledger.OnDayOf(state.Now), budgets.Reserved);

    public static IEnumerable<BudgetUse> LeftOf(this Budgets budgets, KernelState state, GroupOptions group) => Figures(
        "group",
        group.Name,
        BudgetLimits.OfGroup(state, group),
        state.Ledger.OfGroup(group.Name),
        budgets.ReservedOf(group.Name));

    public static IEnumerable<BudgetUse> LeftOf(this Budgets budgets, Process process) => Figures(
        "agent", process.Name, process.Budget, process.Spent, budgets.ReservedOf(process.Id));

    private static IEnumerable<BudgetUse> Figures(
        string scope, string of, ModelBudget limit, Spend spent, Amount reserved)
    {
        if (limit.Tokens is { } tokens)
        {
            yield return Of("tokens", tokens, spent.Tokens, spent.Presumed?.Tokens, reserved.Tokens);
        }

        if (limit.Microdollars is { } money)
        {
            yield return Of("microdollars", money, spent.Microdollars, spent.Presumed?.Money, reserved.Money);
        }

        BudgetUse Of(string unit, long most, long used, long? presumed, long held) => new(scope, of, unit, most)
        {
            Spent = used,
            Presumed = presumed is > 0 ? presumed : null,
            Reserved = held,
            Left = most - used - held,
        };
    }
}
