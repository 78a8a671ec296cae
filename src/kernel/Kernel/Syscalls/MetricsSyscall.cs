using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>METRICS: the kernel's own figures; the daemon adds what it has measured.</summary>
internal static class MetricsSyscall
{
    private static readonly ProcessState[] States = Enum.GetValues<ProcessState>();
    private static readonly ExitCause[] Causes = Enum.GetValues<ExitCause>();

    public static void Handle(SyscallContext call)
    {
        var state = call.State;
        if (call.Caller.IsHost)
        {
            call.Effects.Add(new DescribeMetrics(call.Call, All(state)));
        }
        else if (state.Processes.TryGet(call.Caller.Process, out var self))
        {
            var own = new AgentFigures(self.View(state.Now), [.. state.Models.Budgets.LeftOf(self)]);
            call.Effects.Add(new DescribeMetrics(call.Call, new KernelFigures { Own = own }));
        }
        else
        {
            call.Refuse(Abi.SysError.NoSuchProcess(call.Caller.Process.ToString()));
        }
    }

    private static KernelFigures All(KernelState state) => new()
    {
        Processes = [.. States.Zip(CountsByState(state))],
        Exits = [.. Causes.Select(cause => (cause, state.Tally.Exits(cause)))],
        Denials = [.. state.Tally.Denials.Select(kind => (kind.Key, kind.Value))],
        Spawns = state.Tally.Spawns,
        OomKills = state.Tally.OomKills,
        Lanes =
        [
            .. state.Models.Lanes.Select(lane => new LaneFigures(
                lane.Options.Name, lane.Options.Slots, lane.Running, lane.Queue.Count)),
        ],
        Budgets = [.. state.Models.Budgets.Left(state)],
        Version = state.Version,
        Engine = state.Engine,
        Boot = state.Boot,
    };

    private static long[] CountsByState(KernelState state)
    {
        var counts = new long[States.Length];
        foreach (var process in state.Processes.Living)
        {
            counts[(int)process.State]++;
        }

        counts[(int)ProcessState.Exited] = state.Processes.DeadCount;
        return counts;
    }
}
