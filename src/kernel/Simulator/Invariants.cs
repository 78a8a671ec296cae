using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Network;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

/// <summary>
/// What must be true of every world after each event. Those of requests and of effects are checked there.
/// </summary>
internal sealed class Invariants(World world)
{
    /// <summary>Far above any grace and any simulated delay: what is not done by then will never be.</summary>
    private static readonly long PatienceTicks = TimeSpan.FromSeconds(60).Ticks;

    private static readonly (string Method, HttpUrl Url)[] Probes =
    [
        .. from url in new[]
           {
               "https://api.example.com/", "https://api.example.com/v1/", "https://api.example.com/v1/x",
               "https://b.example.com/v1/x/y", "https://10.0.0.1/", "https://example.com/",
           }
           from method in new[] { "GET", "POST" }
           select (method, HttpUrl.Parse(url, out _)!),
    ];

    private readonly ModelInvariants _models = new(world);
    private readonly ConversationInvariants _conversations = new(world);
    private readonly HashSet<ProcessId> _seen = [];
    private readonly Dictionary<ProcessId, long> _stoppingSince = [];
    private ProcessId _highest;

    public void Check()
    {
        world.Calls.CheckAges(world.Kernel);
        if (!world.Kernel.IsSettled)
        {
            return;
        }

        var state = world.Kernel.State;
        CheckLimits(state);
        CheckNames(state);
        _models.Check(state);
        world.Tools.Check(state.Tools);
        _conversations.Check(state);
        world.Values.Check(state);
        world.Pipes.Check(state);
        world.Mail.Check(state);
        world.Supervised.Check(state);
        foreach (var process in state.Processes.Living)
        {
            CheckId(process);
            CheckChild(process);
            CheckParent(state, process);
            CheckStops(process);
        }

        foreach (var child in world.Host.Living)
        {
            Unless(
                state.Processes.TryGet(child.Id, out var process) && process.IsAlive,
                "the kernel knows every sandbox", () => $"{child.Id} runs, the kernel says {process?.State}");
        }
    }

    private static void Unless(bool holds, string invariant, Func<string> detail)
    {
        if (!holds)
        {
            throw new ViolationException(invariant, detail());
        }
    }

    private void CheckLimits(KernelState state)
    {
        var table = state.Processes;
        Unless(table.LivingCount <= state.Options.ProcessesMax, "limits hold", () => $"{table.LivingCount} live");
        Unless(table.DeadCount <= state.Options.DeadRecordsMax, "limits hold", () => $"{table.DeadCount} are kept");
        Unless(state.Calls.SubscriberCount <= Limits.SubscribersMax, "limits hold", () => "subscribers");
        Unless(
            state.Polls.WaitingCount <= Limits.WaitingPollsMax && state.Polls.StandingCount <= Limits.SubscribersMax
            && state.Happenings.KeptCount <= state.Options.EventsKept + Limits.VolatileEventsKept,
            "limits hold", () => $"{state.Polls.WaitingCount} polls, {state.Happenings.KeptCount} events");
        Unless(
            state.Calls.WaitingForEnds <= Limits.WaitingCallsMax,
            "limits hold",
            () => $"{state.Calls.WaitingForEnds} calls wait");
        Unless(
            state.Http.Count == world.Http.Running && state.Http.Count <= Limits.HttpCallsMax,
            "requests under way are known",
            () => $"{world.Http.Running} are sent, the kernel knows {state.Http.Count}");
        foreach (var process in table.Living)
        {
            Unless(
                process.AuditRecords <= Limits.AuditRecordsPerProcessMax,
                "limits hold", () => $"{process.AuditRecords} audit records of {process.Id}");
        }
    }

    private static void CheckNames(KernelState state)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var process in state.Processes.Living)
        {
            Unless(names.Add(process.Name), "names are unique among the living", () => process.Name);
        }
    }

    private static void CheckParent(KernelState state, Process process)
    {
        if (process.Parent == ProcessId.None)
        {
            return;
        }

        var isAlive = state.Processes.TryGet(process.Parent, out var parent) && parent.IsAlive;
        Unless(
            isAlive || process.State is ProcessState.Stopping,
            "children end with their parent", () => $"{process.Id} is {process.State} without {process.Parent}");
        Unless(state.Processes.Depth(process) < Limits.DepthMax, "limits hold", () => $"{process.Id} is too deep");
        if (parent is null)
        {
            return;
        }

        var (own, above) = (process.Plan.Limits, parent.Plan.Limits);
        Unless(
            own.MemoryBytes <= above.MemoryBytes && own.Pids <= above.Pids && own.OpenFiles <= above.OpenFiles
            && (parent.Plan.Network || !process.Plan.Network) && (!parent.Plan.Sandboxed || process.Plan.Sandboxed),
            "rights never widen", () => $"{process.Plan} below {parent.Plan}");
        Unless(
            process.Plan.Tools.All(tool => parent.Plan.Tools.Contains(tool)
                || parent.Plan.Tools.Contains($"{tool.Split('/')[0]}/*")),
            "rights never widen", () => $"{string.Join(", ", process.Plan.Tools)} of {process.Id} below {parent.Id}");
        if (parent.Plan.Network || !parent.Plan.Sandboxed)
        {
            return;
        }

        foreach (var (method, url) in Probes)
        {
            Unless(
                !NetworkJudge.Judge(process.Plan.NetworkRules, method, url).IsAllowed
                || NetworkJudge.Judge(parent.Plan.NetworkRules, method, url).IsAllowed,
                "rights never widen",
                () => $"{method} {url.Whole} below {string.Join(", ", parent.Plan.NetworkRules)}");
        }
    }

    private void CheckId(Process process)
    {
        if (_seen.Add(process.Id))
        {
            Unless(process.Id > _highest, "no process id is used twice", () => $"{process.Id} after {_highest}");
            _highest = process.Id;
        }
    }

    /// <summary>The kernel hears of an end late, so it may take the dead for living, but not for long.</summary>
    private void CheckChild(Process process)
    {
        if (!world.Host.TryFind(process.Id, out var child))
        {
            throw new ViolationException("every process has a sandbox", $"{process.Id} is {process.State}");
        }

        if (child.State is ChildState.Dead)
        {
            Unless(
                child.NoticeAt is not { } told || world.Clock.Ticks - told < PatienceTicks,
                "the kernel hears of every end", () => $"{process.Id} is {process.State} long after its end");
            return;
        }

        Unless(
            process.StartedAt is null || child.State is ChildState.Running,
            "table and sandboxes agree", () => $"{process.Id} is {process.State}, its sandbox {child.State}");
        Unless(
            process.State is not (ProcessState.Running or ProcessState.Paused)
            || child.IsFrozen == process.State is ProcessState.Paused,
            "table and sandboxes agree", () => $"{process.Id} is {process.State}, frozen: {child.IsFrozen}");
    }

    private void CheckStops(Process process)
    {
        if (process.State is not ProcessState.Stopping)
        {
            _stoppingSince.Remove(process.Id);
            return;
        }

        var since = _stoppingSince.TryAdd(process.Id, world.Clock.Ticks)
            ? world.Clock.Ticks
            : _stoppingSince[process.Id];
        Unless(
            world.Clock.Ticks - since < PatienceTicks,
            "what is stopped ends", () => $"{process.Id} was stopped {process.StopCause} and still lives");
    }
}
