using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Models;

/// <summary>
/// Pauses an agent instead of letting it run into its limits again and again, until somebody looks and resumes it.
/// </summary>
internal static class AgentHalt
{
    /// <summary>False when this agent cannot be paused.</summary>
    public static bool Raise(KernelState state, Process agent, string reason, List<Effect> effects)
    {
        if (!agent.Can(ProcessEvent.PauseRequested) || agent.Missing.Contains(GuaranteeNames.Freezer))
        {
            return false;
        }

        effects.Add(new Raise(new AgentHalted(agent.Id, reason) { At = state.Now }));
        return true;
    }

    public static void Halted(KernelState state, AgentHalted halted, List<Effect> effects)
    {
        if (!state.Processes.TryGet(halted.Process, out var agent) || !agent.Can(ProcessEvent.PauseRequested))
        {
            return;
        }

        agent.Take(ProcessEvent.PauseRequested);
        effects.Add(new Freeze(agent.Id));
        var happened = Happening.Of(agent, "paused", state.Now) with { Kind = "models", Reason = halted.Reason };
        state.Calls.Publish(state, agent, happened, effects);
    }
}
