using Analemma.Abi;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Budgets;

/// <summary>What a settled usage does to durable accounts; the call, if this kernel knows it, is over then.</summary>
internal static class Settlement
{
    public static void Settled(KernelState state, UsageSettled settled, List<Effect> effects)
    {
        Charge(state, settled.Process, settled.Group, settled.Spend, effects);
        if (settled is { Conversation: { } conversation, Said: { } said })
        {
            ConversationChanges.Extend(state, conversation, said, effects);
        }

        Leasing.Settled(state, settled.Call);
        foreach (var other in settled.Others ?? [])
        {
            // Answered already, as all that is added up.
            Leasing.Settled(state, other);
        }

        ModelEnd.Settled(state, settled.Call, effects);
    }

    /// <summary>Books what a process, or the clients on the host, spent.</summary>
    public static void Charge(KernelState state, ProcessId spender, string group, Spend spend, List<Effect> effects)
    {
        for (var at = spender; state.Processes.TryGet(at, out var process); at = process.Parent)
        {
            var before = process.Spent;
            process.Spent = process.Spent.Plus(spend);
            BudgetTelling.Spent(
                state, process, "agent", process.Id.ToString(), process.Budget, before, process.Spent, effects);
        }

        if (spender == ProcessId.None)
        {
            state.Models.HostMeter.Spent = state.Models.HostMeter.Spent.Plus(spend);
        }

        var (ofGroup, ofDay) = (state.Ledger.OfGroup(group), state.Ledger.OnDayOf(state.Now));
        state.Ledger.Add(group, spend, state.Now);
        if (state.Options.Models.Groups.FirstOrDefault(each => each.Name == group) is { } limited)
        {
            var (limit, now) = (BudgetLimits.OfGroup(state, limited), state.Ledger.OfGroup(group));
            BudgetTelling.Spent(state, null, "group", group, limit, ofGroup, now, effects);
        }

        BudgetTelling.Spent(
            state, null, "day", "", BudgetLimits.OfDay(state), ofDay, state.Ledger.OnDayOf(state.Now), effects);
    }
}
