using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Models;

namespace Analemma.Simulator;

/// <summary>What must be true of model calls after each event.</summary>
internal sealed class ModelInvariants(World world)
{
    public void Check(KernelState state)
    {
        CheckAccounts(state);
        CheckBudgets(state);
        world.Models.CheckCancels();
    }

    /// <summary>What is counted twice is the same twice.</summary>
    private void CheckAccounts(KernelState state)
    {
        var models = state.Models;
        foreach (var provider in state.Options.Models.Providers.Select(provider => provider.Name))
        {
            var running = models.Calls.Sum(call => Turns(call).Count(turn => turn.Provider == provider));
            var queued = models.Calls.Count(
                call => call.State is ModelCallState.Queued && call.Provider == provider);
            Unless(running == models.Running(provider), () => $"{running} run, counted {models.Running(provider)}");
            Unless(queued == models.Waiting(provider), () => $"{queued} wait, counted {models.Waiting(provider)}");
            Unless(world.Models.Running(provider) == running,
                () => $"{world.Models.Running(provider)} run at {provider}, the kernel says {running}");
        }

        var still = models.Calls.FirstOrDefault(
            call => call.State is ModelCallState.Running != Turns(call).Any());
        Unless(still is null, () => $"call {still!.Id} is {still.State}");
        var reserved = models.Calls.Aggregate(default(Amount), (sum, call) => sum.Plus(call.Reserved));
        reserved = reserved.Plus(models.Answered);
        Unless(reserved == models.Reserved, () => $"{reserved} is reserved, counted {models.Reserved}");
    }

    private void CheckBudgets(KernelState state)
    {
        var options = state.Options.Models;
        // One that its owner lowered may be below what is spent already.
        Within(
            "day",
            state.Ledger.DayLimit is null ? options.DayBudget : new ModelBudget(),
            Known(state.Ledger.OnDayOf(world.Clock.Ticks)),
            state.Models.Reserved);
        foreach (var group in options.Groups)
        {
            var limit = state.Ledger.LimitOf(group.Name) is null ? group.Budget : new ModelBudget();
            Within(group.Name, limit, Known(state.Ledger.OfGroup(group.Name)), default);
        }

        foreach (var process in state.Processes.Living)
        {
            Within(
                process.Name,
                process.BudgetSet is null ? process.Plan.Models.Budget : new ModelBudget(),
                Known(process.Spent),
                state.Models.ReservedOf(process.Id));
        }

        // A crash loses what was in flight; without one, every token is in the books or still reserved.
        if (world.Kernel.Crashes == 0 && world.Kernel.Boot == 1)
        {
            var known = state.Ledger.Groups.Values.Sum(spend => spend.Tokens) + state.Models.Reserved.Tokens;
            ViolationException.Unless(
                known >= world.Models.TokensUsed,
                "every token used is accounted", $"{world.Models.TokensUsed} used, {known} known");
        }
    }

    // What a crash left unknown is charged as the most that it can be, which may be more than was left.
    private static Spend Known(Spend spend) => spend with
    {
        OutputTokens = spend.OutputTokens - (spend.Presumed?.Tokens ?? 0),
        Microdollars = spend.Microdollars - (spend.Presumed?.Money ?? 0),
    };

    private static void Within(string whose, ModelBudget budget, Spend spent, Amount reserved) =>
        ViolationException.Unless(
            !(spent.Tokens + reserved.Tokens > budget.Tokens)
            && !(spent.Microdollars + reserved.Money > budget.Microdollars),
            "budgets are never overspent", $"{whose}: {budget}, {spent}, {reserved}");

    private static IEnumerable<ModelTurn> Turns(ModelCall call) =>
        new ModelTurn?[] { call, call.Hedge }.OfType<ModelTurn>().Where(turn => turn.IsRunning);

    private static void Unless(bool holds, Func<string> detail)
    {
        if (!holds)
        {
            throw new ViolationException("model accounts are consistent", detail());
        }
    }
}
