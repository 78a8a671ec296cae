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
            process.Spent = process.Spent.Plus(settled.Spend);
        }

        if (settled.Process == ProcessId.None)
        {
            state.Models.HostMeter.Spent = state.Models.HostMeter.Spent.Plus(settled.Spend);
        }

        state.Ledger.Add(settled.Group, settled.Spend, state.Now);
        if (settled is { Conversation: { } conversation, Said: { } said })
        {
            ConversationChanges.Extend(state, conversation, said, effects);
        }

        ModelEnd.Settled(state, settled.Call, effects);
    }
}
