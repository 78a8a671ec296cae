using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Budgets;

/// <summary>How budgets stand, for LLM and metrics.</summary>
internal static class BudgetsLeft
{
    /// <summary>Of the day, the groups, and the living agents that a client on the host spawned.</summary>
    public static IEnumerable<BudgetUse> Left(this Budgets budgets, KernelState state)
    {
        var options = state.Options.Models;
        var figures = Figures("day", "", options.DayBudget, state.Ledger.OnDayOf(state.Now), budgets.Reserved);
        foreach (var group in options.Groups)
        {
            figures = figures.Concat(Figures(
                "group", group.Name, group.Budget, state.Ledger.OfGroup(group.Name), budgets.ReservedOf(group.Name)));
        }

        return figures.Concat(state.Processes.Living
            .Where(process => process.Parent == ProcessId.None)
            .SelectMany(budgets.LeftOf));
    }

    public static IEnumerable<BudgetUse> LeftOf(this Budgets budgets, Process process) => Figures(
        "agent", process.Name, process.Budget, process.Spent, budgets.ReservedOf(process.Id));

    private static IEnumerable<BudgetUse> Figures(
        string scope, string of, ModelBudget limit, Spend spent, Amount reserved)
    {
        if (limit.Tokens is { } tokens)
        {
            yield return Of("tokens", tokens, spent.Tokens, reserved.Tokens);
        }

        if (limit.Microdollars is { } money)
        {
            yield return Of("microdollars", money, spent.Microdollars, reserved.Money);
        }

        BudgetUse Of(string unit, long most, long used, long held) => new(scope, of, unit, most)
        {
            Spent = used,
            Reserved = held,
            Left = most - used - held,
        };
    }
}
