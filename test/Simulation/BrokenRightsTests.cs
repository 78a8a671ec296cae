using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

/// <summary>Rights that are let through on purpose: the simulator judges them by rules of its own.</summary>
public sealed class BrokenRightsTests
{
    private const int SeedsMax = 100;

    [Fact]
    public void A_right_that_is_let_through_is_noticed()
    {
        var result = Enumerable.Range(1, SeedsMax)
            .Select(seed => SimulationRun.Run(seed, sabotage: new LetsRightsThrough()))
            .FirstOrDefault(each => each.Violation is not null);

        Assert.StartsWith("nobody does what it may not:", result?.Violation ?? "nothing was noticed");
    }

    /// <summary>Who asks for something may everything while that is decided.</summary>
    private sealed class LetsRightsThrough : Sabotage
    {
        public override Action Break(KernelState state, KernelEvent @event)
        {
            List<(Process Process, Permissions? Before)> changed = [];
            if (@event is SyscallArrived { Caller.IsHost: false, Syscall: not SetPerms } arrived)
            {
                for (var id = arrived.Caller.Process; state.Processes.TryGet(id, out var process); id = process.Parent)
                {
                    changed.Add((process, process.PermissionsSet));
                    process.PermissionsSet = Everything;
                }
            }

            return () => changed.ForEach(each => each.Process.PermissionsSet = each.Before);
        }
    }

    private static Permissions Everything => new()
    {
        Spawn = ["*"],
        Kill = ["*"],
        Send = ["*"],
        Read = ["*"],
        Exec = ["*"],
        Emit = ["*"],
        Models = ["*"],
        StoreRead = ["*"],
        StoreWrite = ["*"],
    };
}
