using Analemma.Kernel;
using Analemma.Kernel.Events;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

/// <summary>A kernel that starts and does not charge what was answered and not written.</summary>
public sealed class BrokenLeaseTests
{
    private const int SeedsMax = 100;

    [Fact]
    public void A_lease_that_is_not_charged_after_a_crash_is_noticed()
    {
        var result = Enumerable.Range(1, SeedsMax)
            .Select(seed => SimulationRun.Run(seed, sabotage: new ForgetsLeases()))
            .FirstOrDefault(each => each.Violation is not null);

        Assert.StartsWith(
            "a kernel that starts charges what was leased:", result?.Violation ?? "nothing was noticed");
    }

    private sealed class ForgetsLeases : Sabotage
    {
        public override Action Break(KernelState state, KernelEvent @event)
        {
            if (@event is KernelStarted)
            {
                state.Leases.TakeAll();
            }

            return static () => { };
        }
    }
}
