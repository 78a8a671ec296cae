using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>LLM: providers with their queues, and a row for each family of agents.</summary>
internal static class LlmSyscall
{
    public static void Handle(SyscallContext call, Llm request)
    {
        var state = call.State;
        var counts = state.Models.Calls.GroupBy(each => each.Account.Root).ToDictionary(
            group => group.Key,
            group => (Running: group.Count(each => each.State is ModelCallState.Running),
                Waiting: group.Count(each => each.State is ModelCallState.Queued or ModelCallState.Held
                    or ModelCallState.BackingOff)));
        var rows = Seen(call, request).Select(process => Row(state, process, counts.GetValueOrDefault(process.Id)));
        if (!call.Caller.IsHost)
        {
            call.Answer(new LlmReply([.. state.Models.Lanes.Select(lane => Load(state, lane))], [.. rows])
            {
                Budgets = state.Processes.TryGet(call.Caller.Process, out var self)
                    ? [.. state.Models.Budgets.LeftOf(self)] : [],
            });
            return;
        }

        var day = BudgetLimits.OfDay(state);
        var host = Row(state, state.Models.HostMeter, counts.GetValueOrDefault(ProcessId.None));
        call.Answer(new LlmReply([.. state.Models.Lanes.Select(lane => Load(state, lane))], [host, .. rows])
        {
            Today = Usage(state.Ledger.OnDayOf(state.Now)),
            Hedges = state.Models.Hedges.Count == 0 ? null : [.. state.Models.Hedges.Select(Hedges)],
            DayBudget = day is { Tokens: null, Microdollars: null } ? null : day,
            Budgets = [.. state.Models.Budgets.Left(state)],
        });
    }

    private static IEnumerable<Process> Seen(SyscallContext call, Llm request)
    {
        var (state, caller) = (call.State, call.Caller);
        if (!caller.IsHost)
        {
            return state.Processes.TryGet(caller.Process, out var self) ? [self] : [];
        }

        var all = request.All ? state.Processes.All : state.Processes.Living;
        return all.Where(process => !state.Processes.TryGet(process.Parent, out _));
    }

    private static ProviderLoad Load(KernelState state, ProviderLane lane) => new(lane.Options.Name)
    {
        Models =
        [
            .. state.Options.Models.Models.Where(model => model.Provider == lane.Options.Name)
                .Select(model => model.Name),
        ],
        Simulated = lane.Options.Simulated,
        Slots = lane.Options.Slots,
        Running = lane.Running,
        Waiting = lane.Queue.Count,
        WaitMs = lane.Running < lane.Options.Slots ? 0 : lane.WaitMs,
    };

    private static HedgeUse Hedges(HedgeMeter meter) => new(meter.Name)
    {
        DelayMs = meter.Options.DelayMs,
        PercentMax = meter.Options.PercentMax,
        Attempts = meter.Attempts,
        Hedges = meter.Hedges,
        Won = meter.Won,
        HeldBack = meter.Held,
    };

    private static ModelUse Row(KernelState state, Process process, (int Running, int Waiting) now) =>
        Row(state, process.Meter, now) with
        {
            Process = process.Id,
            Name = process.Name,
            State = process.State,
            Group = process.Plan.Models.Group,
            Priority = process.Plan.Models.Priority,
            Weight = process.Plan.Models.Weight,
            Calls = process.Spent.Calls,
            Usage = Usage(process.Spent),
            Budget = process.Budget is { Tokens: null, Microdollars: null }
                ? null : process.Budget,
        };

    private static ModelUse Row(KernelState state, ModelMeter meter, (int Running, int Waiting) now) => new(
        ProcessId.None, "host")
    {
        Group = GroupOptions.DefaultName,
        Weight = FairNode.WeightDefault,
        Calls = meter.Spent.Calls,
        Usage = Usage(meter.Spent),
        Running = now.Running,
        Waiting = now.Waiting,
        Throttled = meter.Throttled,
        Refused = meter.Refused,
        WaitP50Ms = meter.WaitMs(50),
        WaitP95Ms = meter.WaitMs(95),
        LatencyP50Ms = meter.LatencyMs(50),
        LatencyP95Ms = meter.LatencyMs(95),
        Service = meter.Service,
        Share = state.Models.ServiceTotal == 0
            ? 0 : Math.Round((double)meter.Service / state.Models.ServiceTotal, 4),
    };

    private static ModelUsage Usage(Spend spend) => new()
    {
        InputTokens = spend.InputTokens,
        OutputTokens = spend.OutputTokens,
        Microdollars = spend.Microdollars,
    };
}
