using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Telemetry.Instruments;

/// <summary>What one metric is: a line of docs/guide/observability.md.</summary>
internal sealed record MetricSpec(
    string Name, MetricKind Kind, string Unit, string Description, params string[] Attributes)
{
    /// <summary>Of a histogram: the upper bounds of its buckets.</summary>
    public double[] Bounds { get; init; } = [];
}

/// <summary>
/// Every metric there is. Those named <c>gen_ai</c> follow OpenTelemetry's semantic conventions for generative AI as of
/// version 1.42.0 (status: development), which live in the repository open-telemetry/semantic-conventions-genai; names,
/// units, attributes and bounds are theirs. All others are ours.
/// </summary>
internal static class MetricSpecs
{
    private const string Operation = "gen_ai.operation.name";
    private const string Provider = "gen_ai.provider.name";
    private const string Model = "gen_ai.request.model";

    /// <summary>From a syscall that reads memory to one that waits for a model or a process.</summary>
    private static readonly double[] CallSeconds =
    [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
    ];

    private static readonly double[] WaitSeconds = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    private static readonly double[] ModelSeconds =
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private static readonly double[] Tokens =
    [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ];

    public static readonly MetricSpec GenAiTokens = new(
        "gen_ai.client.token.usage", MetricKind.Histogram, "{token}",
        "Tokens of one attempt that was answered.", Operation, Provider, "gen_ai.token.type", Model)
    {
        Bounds = Tokens,
    };

    public static readonly MetricSpec GenAiDuration = new(
        "gen_ai.client.operation.duration", MetricKind.Histogram, "s",
        "How long an attempt took, from request to last byte.", Operation, Provider, Model, "error.type")
    {
        Bounds = ModelSeconds,
    };

    public static readonly MetricSpec GenAiFirstChunk = new(
        "gen_ai.client.operation.time_to_first_chunk", MetricKind.Histogram, "s",
        "Of streamed answers: from request to the first piece.", Operation, Provider, Model)
    {
        Bounds = ModelSeconds,
    };

    public static readonly MetricSpec GenAiNextChunk = new(
        "gen_ai.client.operation.time_per_output_chunk", MetricKind.Histogram, "s",
        "Of streamed answers: from one piece to the next.", Operation, Provider, Model)
    {
        Bounds = ModelSeconds,
    };

    public static readonly MetricSpec Kernel = new(
        "analemma.kernel", MetricKind.Gauge, "",
        "Which start of the kernel on its state folder this is.", "version", "engine");

    public static readonly MetricSpec Uptime = new(
        "analemma.kernel.uptime", MetricKind.Gauge, "s", "Since the kernel began to start.");

    public static readonly MetricSpec Memory = new(
        "analemma.kernel.memory", MetricKind.Gauge, "By", "Resident memory of the kernel itself.");

    public static readonly MetricSpec Cpu = new(
        "analemma.kernel.cpu", MetricKind.Counter, "s", "CPU time of the kernel itself.");

    public static readonly MetricSpec Connections = new(
        "analemma.connections", MetricKind.Gauge, "{connection}", "Open connections, of agents and of the host.");

    public static readonly MetricSpec ConnectionsRefused = new(
        "analemma.connections.refused", MetricKind.Counter, "{connection}",
        "Connections that were ended because they could not be followed or went over a limit.");

    public static readonly MetricSpec Syscalls = new(
        "analemma.syscalls", MetricKind.Counter, "{syscall}",
        "Syscalls that have ended, by name and outcome; NOOP is counted apart.", "syscall", "status");

    public static readonly MetricSpec SyscallDuration = new(
        "analemma.syscall.duration", MetricKind.Histogram, "s",
        "From a decoded request to its answer, waits for processes and models included.", "syscall")
    {
        Bounds = CallSeconds,
    };

    public static readonly MetricSpec Noops = new(
        "analemma.noops", MetricKind.Counter, "{syscall}", "NOOPs, which are answered at the connection.");

    public static readonly MetricSpec Turns = new(
        "analemma.loop.turns", MetricKind.Counter, "{turn}", "Turns of the kernel's loop.");

    public static readonly MetricSpec Events = new(
        "analemma.loop.events", MetricKind.Counter, "{event}", "Events that the kernel has applied.");

    public static readonly MetricSpec EventsWaiting = new(
        "analemma.loop.waiting", MetricKind.Gauge, "{event}", "Events that wait to enter the kernel.");

    public static readonly MetricSpec JournalCommits = new(
        "analemma.journal.commits", MetricKind.Counter, "{commit}", "Turns that were made durable, by outcome.",
        "outcome");

    public static readonly MetricSpec JournalRecords = new(
        "analemma.journal.records", MetricKind.Counter, "{record}", "Records that were made durable.");

    public static readonly MetricSpec JournalDuration = new(
        "analemma.journal.commit.duration", MetricKind.Histogram, "s",
        "How long a turn waited for its records to be on disk.")
    {
        Bounds = CallSeconds,
    };

    public static readonly MetricSpec Agents = new(
        "analemma.agents", MetricKind.Gauge, "{agent}",
        "Processes by state; of the exited, the records that are kept.", "state");

    public static readonly MetricSpec Spawns = new(
        "analemma.agent.spawns", MetricKind.Counter, "{agent}", "Processes that were admitted.");

    public static readonly MetricSpec AgentStart = new(
        "analemma.agent.start.duration", MetricKind.Histogram, "s",
        "From the kernel's decision to the running sandbox, by how it was made.", "tier")
    {
        Bounds = CallSeconds,
    };

    public static readonly MetricSpec Exits = new(
        "analemma.agent.exits", MetricKind.Counter, "{agent}", "Processes that have ended, by cause.", "cause");

    public static readonly MetricSpec OomKills = new(
        "analemma.agent.oom_kills", MetricKind.Counter, "{process}",
        "Host processes that the host killed in ended sandboxes for want of memory.");

    public static readonly MetricSpec Denials = new(
        "analemma.denials", MetricKind.Counter, "{attempt}", "Denied attempts of agents, by kind.", "kind");

    public static readonly MetricSpec PoolSlots = new(
        "analemma.pool.slots", MetricKind.Gauge, "{sandbox}", "Warm sandboxes that are ready, by tier.", "tier");

    public static readonly MetricSpec WorkflowExecutions = new(
        "analemma.workflow.executions", MetricKind.Gauge, "{execution}",
        "Executions of workflows that run, and that wait in line.", "state");

    public static readonly MetricSpec WorkflowTasks = new(
        "analemma.workflow.tasks", MetricKind.Gauge, "{task}",
        "Tasks of workflows that run, and that wait for a place at their resource.", "state");

    public static readonly MetricSpec WorkflowQueueAge = new(
        "analemma.workflow.queue.age", MetricKind.Gauge, "s",
        "How long the first execution, or task, in line has waited.", "of");

    public static readonly MetricSpec WorkflowRefused = new(
        "analemma.workflow.refused", MetricKind.Counter, "{execution}",
        "Executions that were refused because too many wait.");

    public static readonly MetricSpec QueueLength = new(
        "analemma.model.queue.length", MetricKind.Gauge, "{call}", "Calls that wait for their turn.", "provider");

    public static readonly MetricSpec QueueWait = new(
        "analemma.model.queue.wait", MetricKind.Histogram, "s",
        "How long calls waited for their first turn.", "provider")
    {
        Bounds = WaitSeconds,
    };

    public static readonly MetricSpec Slots = new(
        "analemma.model.slots", MetricKind.Gauge, "{call}",
        "Calls that may be in flight at once (`limit`), and that are (`used`).", "provider", "state");

    public static readonly MetricSpec Attempts = new(
        "analemma.model.attempts", MetricKind.Counter, "{attempt}",
        "Attempts of model calls that have ended: `ok`, or the kind of failure.", "provider", "model", "outcome");

    public static readonly MetricSpec Calls = new(
        "analemma.model.calls", MetricKind.Counter, "{call}",
        "Calls that got their first turn; `throttled` says whether they had to wait for it.", "agent", "throttled");

    public static readonly MetricSpec ModelTokens = new(
        "analemma.model.tokens", MetricKind.Counter, "{token}", "Tokens that were settled, all attempts included.",
        "agent", "provider", "model", "type");

    public static readonly MetricSpec ModelCost = new(
        "analemma.model.microdollars", MetricKind.Counter, "{microdollar}",
        "What they cost, by the price table.", "agent", "provider", "model");

    public static readonly MetricSpec BudgetLeft = new(
        "analemma.budget.left", MetricKind.Gauge, "",
        "What of a limited budget is neither spent nor reserved.", "scope", "of", "unit");

    /// <summary>In the order of the documentation.</summary>
    public static IReadOnlyList<MetricSpec> All { get; } =
    [
        GenAiTokens, GenAiDuration, GenAiFirstChunk, GenAiNextChunk,
        QueueLength, QueueWait, Slots, Calls, Attempts, ModelTokens, ModelCost, BudgetLeft,
        Syscalls, SyscallDuration, Noops, Connections, ConnectionsRefused,
        Agents, Spawns, AgentStart, Exits, OomKills, Denials, PoolSlots,
        WorkflowExecutions, WorkflowTasks, WorkflowQueueAge, WorkflowRefused,
        Turns, Events, EventsWaiting, JournalCommits, JournalRecords, JournalDuration,
        Kernel, Uptime, Memory, Cpu,
    ];
}
