using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets.Shapes;
using static Analemma.Cli.Fleets.FleetRanges;

namespace Analemma.Cli.Fleets;

/// <summary>
/// A fleet file: every key, what it takes, where it goes in the contract, and what it does. The reader, the JSON Schema
/// in docs/reference and the words of both are this table.
/// </summary>
internal static class FleetShape
{
    public const string NamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    private static readonly TextShape Name = new("name", NamePattern);

    private static readonly TimeShape Backoff = new(0, BackoffMsMax);

    private static readonly TimeShape Interval = new(1, WallMsMax);

    private static readonly ListShape Arguments =
        new(new TextShape("argument", "(?s)^.*$", ArgumentCharsMax), 0, ArgumentsMax);

    private static readonly ListShape Command =
        new(new TextShape("argument", "(?s)^.*$", ArgumentCharsMax), 1, ArgumentsMax);

    private static readonly KeysShape Limits = new(
        new("memory", "memory", new SizeShape(MemoryMin, MemoryMax), "Memory, swap excluded, such as 256M."),
        new("pids", "max_pids", new WholeShape(1, PidsMax), "Processes and threads at once."),
        new("cpu", "cpu_quota", new ScaledShape(0.01m, 1_024, 100_000), "Cores, such as 0.5 for half of one."),
        new("cpu_weight", "cpu_weight", new WholeShape(1, 10_000), "Share of CPU under contention. Default 100."),
        new("timeout", "wall_ms", new TimeShape(1, WallMsMax), "It is ended after this long."),
        new("open_files", "open_files", new WholeShape(OpenFilesMin, OpenFilesMax), "Of each of its host processes."),
        new("log_size", "log_bytes", new SizeShape(LogMin, BytesMax), "Captured output that is kept."),
        new("work_size", "work_bytes", new SizeShape(WorkMin, BytesMax), "Files in /work."));

    private static readonly KeysShape Models = new(
        new("group", "group", Name, "The group of agents whose share of the models it has."),
        new("weight", "weight", new WholeShape(1, WeightMax), "Its share within the group. Default 100."),
        new("priority", "priority", new WordShape("low", "normal", "high"), "How its calls stand against others."),
        new("requests_per_minute", "requests_per_minute", new WholeShape(0, PerMinuteMax), "Model calls a minute."),
        new("tokens_per_minute", "tokens_per_minute", new WholeShape(0, PerMinuteMax), "Tokens a minute."));

    private static readonly KeysShape Budget = new(
        new("tokens", "tokens", new WholeShape(0, BudgetTokensMax), "Input and output tokens together, in one life."),
        new("dollars", "microdollars", new ScaledShape(0, 1_000_000_000, 1_000_000), "US dollars, in one life."));

    private static readonly KeysShape Restart = new(
        new("policy", "policy", Policy(), "Which ends lead to a restart. Default on-failure."),
        new("backoff", "backoff_ms", Backoff, "The bound of the first delay; each failure doubles it. Default 500ms."),
        new("backoff_max", "backoff_max_ms", Backoff, "What the bound never exceeds. Default 1m."),
        new("reset_after", "reset_after_ms", new TimeShape(0, WallMsMax),
            "A run so long lets the delays begin anew. Default 1m."),
        new("burst", "burst", new WholeShape(0, BurstMax),
            "Starts within interval before it is given up; 0: no limit."),
        new("interval", "interval_ms", Interval, "Default 1m."));

    private static readonly KeysShape Ready = new(
        new("when", "when", new WordShape("started", "syscall", "message", "probe"), "When it counts as ready."),
        new("probe", "probe", Command, "A command in its sandbox; it is ready when that exits with 0."),
        new("interval", "interval_ms", new TimeShape(IntervalMsMin, BackoffMsMax), "Between two probes. Default 1s."),
        new("timeout", "timeout_ms", new TimeShape(1, BackoffMsMax),
            "From its program's start; then it has failed. Default 1m."));

    private static readonly KeysShape Watchdog = new(
        new("heartbeat", "heartbeat_ms", new TimeShape(IntervalMsMin, WallMsMax),
            "Without a syscall for so long it counts as hung."),
        new("repeat_max", "repeat_max", new WholeShape(2, RepeatMax), "The same call so often in a row is a livelock."),
        new("tokens_without_progress_max", "tokens_without_progress_max", new WholeShape(1, BudgetTokensMax),
            "Tokens used without any other deed that are a livelock."),
        new("action", "action", new WordShape("restart", "pause", "kill"), "What is done to it. Default restart."));

    private static readonly KeysShape Inbox = new(
        new("max_messages", "max_messages", new WholeShape(1, MailboxMessagesMax), "What it holds. Default 1000."),
        new("max_size", "max_bytes", new SizeShape(MailboxBytesMin, MailboxBytesMax), "What it holds. Default 8M."));

    private static readonly KeysShape Schedule = new(
        new("cron", "cron", new CronShape(), "When it is started: minute hour day-of-month month day-of-week.")
        {
            IsRequired = true,
        },
        new("zone", "zone", new ZoneShape(), "The time zone of the schedule. Default UTC."),
        new("missed", "missed", new WordShape("skip", "once"), "Of starts missed while no kernel ran. Default skip."));

    private static readonly ListShape Patterns = new(new TextShape("pattern", charsMax: 256), 0, 64);

    private static readonly KeysShape Permissions = new(
        new("send", "send", Patterns, "Agents and mailboxes that it may send to, by name. Default [_family]."),
        new("spawn", "spawn", Patterns, "Names of those that it may spawn. Default all."),
        new("kill", "kill", Patterns, "Agents that it may kill, pause and resume. Default [_family]."),
        new("read", "read", Patterns, "Agents that it may see and read output of. Default [_family]."),
        new("exec", "exec", Patterns, "Agents in which it may run commands. Default [_family]."),
        new("models", "models", Patterns, "Models that it may think with. Default all."),
        new("store_read", "store_read", Patterns, "Keys of the store that it may read, as scope/key."),
        new("store_write", "store_write", Patterns, "Keys of the store that it may write, as scope/key."),
        new("emit", "emit", Patterns, "Types of events that it may emit. Default all."),
        new("group", "group", Name, "The group whose part of the store it shares. Default its family."));

    /// <summary>What an agent and the defaults have in common.</summary>
    private static readonly ShapeKey[] Common =
    [
        new("python", "spawn.python", new TextShape("interpreter", charsMax: 255), "The script's. Default python3."),
        new("env", "spawn.env",
            new NamedShape(new VariableShape(), "variable", "^[A-Za-z_][A-Za-z0-9_]*$", EnvironmentMax),
            "Its environment variables; one without a value takes this shell's."),
        new("cwd", "spawn.cwd", new TextShape("absolute path", "^/.*$"), "Its folder inside. Default /work."),
        new("sandboxed", "spawn.sandboxed", new FlagShape(), "false: a plain process of the kernel. Default true."),
        new("limits", "spawn.limits", Limits, "What it may use."),
        new("network", "spawn.network", new NetworkShape(), "What of the network it may reach. Default nothing."),
        new("models", "spawn.models", Models, "Its share of the models."),
        new("budget", "spawn.models.budget", Budget, "What it may spend on models."),
        new("tools", "spawn.tools",
            new ListShape(new TextShape("tool", "^[^/ ]+/[^ ]+$"), 0, ToolPatternsMax),
            "Tools of the kernel that it may call: server/tool, or server/*."),
        new("permissions", "spawn.permissions", Permissions, "What it may do beyond itself."),
        new("require", "spawn.require", new ListShape(new WordShape([.. GuaranteeNames.All]), 0, 64),
            "Guarantees without which it is not started."),
        new("audit", "spawn.audit", new WordShape("writes", "reads"), "reads also reports denied opens for reading."),
        new("pool", "spawn.pool", new WordShape("auto", "cold"), "cold makes its sandbox anew. Default auto."),
        new("mounts", "spawn.mounts", new ListShape(new MountShape(), 0, MountsMax),
            "Host paths to show inside: HOST[:INSIDE][:rw]."),
        new("supervisor", "supervisor", Name, "The supervisor that restarts it. Default root."),
        new("restart", "restart", new ShortShape(Policy(), "policy", Restart), "What its end leads to."),
        new("ready", "ready", new ShortShape(new WordShape("started", "syscall", "message"), "when", Ready),
            "When those after it may start. Default as soon as it runs."),
        new("stop", "stop", new KeysShape(
            new ShapeKey("drain", "drain_ms", new TimeShape(0, DrainMsMax),
                "Before SIGTERM, to finish what it has in hand: it is told, and given no new messages. Default 0."),
            new ShapeKey("grace", "grace_ms", new TimeShape(0, GraceMsMax), "Between SIGTERM and the kill.")),
            "How it is stopped."),
        new("watchdog", "watchdog", Watchdog, "Signs of life that it must give."),
        new("inbox", "inbox", Inbox, "Bounds of its inbox; beyond them senders wait, or are refused."),
        new("start_on", "start_on", new WordShape("boot", "message", "schedule"),
            "What starts it. Default boot; with a schedule, schedule."),
        new("idle_stop", "idle_stop_ms", Interval, "After so long without a syscall it is stopped until it is needed."),
    ];

    private static readonly KeysShape Agent = new(
    [
        new("script", "spawn.script", new ScriptShape(), "A program file of the host, run by the interpreter."),
        new("argv", "spawn.argv", Command, "A program in its sandbox, and its arguments."),
        new("args", "spawn.args", Arguments, "Further arguments of the script."),
        new("replicas", "replicas", new WholeShape(1, ReplicasMax), "How many alike: NAME-1, NAME-2, … Default 1."),
        new("after", "after", new ListShape(Name, 0, AfterMax), "Agents that must be ready before it starts."),
        new("schedule", "schedule", new ShortShape(new CronShape(), "cron", Schedule), "When the clock starts it."),
        .. Common,
    ])
    {
        ExactlyOne = ["script", "argv"],
    };

    private static readonly KeysShape Supervisor = new(
        new("parent", "parent", Name, "The supervisor above. Default root."),
        new("strategy", "strategy", new WordShape("one_for_one", "one_for_all", "rest_for_one"),
            "Who is restarted when one child fails. Default one_for_one."),
        new("burst", "burst", new WholeShape(0, BurstMax), "Restarts within interval that it allows; 0: no limit."),
        new("interval", "interval_ms", Interval, "Default 1m."),
        new("webhook", "webhook", new TextShape("http address", "^https?://[^ ]+$"), "Of root: told of escalations."));

    private static readonly KeysShape Mailbox = new(
        new("durable", "durable", new FlagShape(),
            "Whether messages are on disk before SEND is answered, and outlive the kernel. Default true."),
        new("receiver", "receiver", Name,
            "The agent that receives, one without replicas. Default: programs of this host."),
        new("topics", "topics", new ListShape(new TextShape("topic", charsMax: TopicCharsMax), 0, TopicsMax),
            "Topics whose broadcasts come to it."),
        new("max_messages", "max_messages", new WholeShape(1, MailboxMessagesMax), "What it holds. Default 1000."),
        new("max_size", "max_bytes", new SizeShape(MailboxBytesMin, MailboxBytesMax), "What it holds. Default 8M."),
        new("visibility", "visibility_ms", new TimeShape(VisibilityMsMin, VisibilityMsMax),
            "What was given out and is not acknowledged in this time comes again. Default 30s."),
        new("max_deliveries", "max_deliveries", new WholeShape(1, DeliveriesMax),
            "A message given out so often is a dead letter. Default 10."));

    /// <summary>The whole file.</summary>
    public static KeysShape File { get; } = new(
        new("fleet", "fleet", Name, "The name of the fleet.") { IsRequired = true },
        new("defaults", "defaults", new KeysShape(Common), "What every agent has that does not say otherwise."),
        new("supervisors", "supervisors", new NamedShape(Supervisor, "supervisor", NamePattern, SupervisorsMax, "name"),
            "The tree of supervisors; root is always there."),
        new("mailboxes", "mailboxes", new NamedShape(Mailbox, "mailbox", NamePattern, MailboxesMax, "name"),
            "Mailboxes that are there for the agents; what is taken out of the file stays."),
        new("agents", "agents", new NamedShape(Agent, "agent", NamePattern, AgentsMax, "name"),
            "The agents, by their names.")
        {
            IsRequired = true,
        });

    /// <summary>The file as JSON Schema, draft 2020-12, for editors.</summary>
    public static JsonObject Schema()
    {
        var schema = File.Schema();
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A fleet of Analemma");
        return schema;
    }

    private static WordShape Policy() => new("no", "on-failure", "on-abnormal", "always");
}
