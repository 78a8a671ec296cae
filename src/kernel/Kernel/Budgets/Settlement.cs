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
        for (var at = settled.Process; state.Processes.TryGet(at, out var process); at = process.Parent)
        {
            var before = process.Spent;
            process.Spent = process.Spent.Plus(settled.Spend);
            BudgetTelling.Spent(
                state, process, "agent", process.Id.ToString(), process.Budget, before, process.Spent, effects);
        }

        if (settled.Process == ProcessId.None)
        {
            state.Models.HostMeter.Spent = state.Models.HostMeter.Spent.Plus(settled.Spend);
        }

        var (ofGroup, ofDay) = (state.Ledger.OfGroup(settled.Group), state.Ledger.OnDayOf(state.Now));
        state.Ledger.Add(settled.Group, settled.Spend, state.Now);
        if (state.Options.Models.Groups.FirstOrDefault(each => each.Name == settled.Group) is { } group)
        {
            var (limit, now) = (BudgetLimits.OfGroup(state, group), state.Ledger.OfGroup(group.Name));
            BudgetTelling.Spent(state, null, "group", group.Name, limit, ofGroup, now, effects);
        }

        BudgetTelling.Spent(
            state, null, "day", "", BudgetLimits.OfDay(state), ofDay, state.Ledger.OnDayOf(state.Now), effects);
        if (settled is { Conversation: { } conversation, Said: { } said })
        {
            ConversationChanges.Extend(state, conversation, said, effects);
        }

        ModelEnd.Settled(state, settled.Call, effects);
    }
}
