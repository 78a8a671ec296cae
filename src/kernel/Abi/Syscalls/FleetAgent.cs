using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>One agent of a fleet, as declared: what to run, when, and what to do when it ends.</summary>
public sealed record FleetAgent
{
    /// <summary>
    /// Unique in its fleet, and the name of its process; with replicas <c>NAME-1</c> and on. As in SPAWN.
    /// </summary>
    public string Name { get; init; } = "";

    /// <summary>What SPAWN would be given, without a name. Scripts are host paths.</summary>
    public Spawn Spawn { get; init; } = new();

    /// <summary>The supervisor that restarts it; default <c>root</c>.</summary>
    public string? Supervisor { get; init; }

    /// <summary>Agents of the fleet that must be ready, or have ended well, before this one starts.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>How many alike, 1 to 1000. Default 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>What its end leads to; absent fields take the defaults.</summary>
    public RestartRule? Restart { get; init; }

    /// <summary>When it counts as ready; default as soon as it runs.</summary>
    public ReadyRule? Ready { get; init; }

    /// <summary>How it is stopped.</summary>
    public StopRule? Stop { get; init; }

    /// <summary>Signs of life that it must give; default none.</summary>
    public WatchdogRule? Watchdog { get; init; }

    /// <summary>When it is started by the clock; with <see cref="StartOn"/> <c>schedule</c>.</summary>
    public FleetSchedule? Schedule { get; init; }

    /// <summary>What starts it; default <c>boot</c>.</summary>
    public StartOn? StartOn { get; init; }

    /// <summary>
    /// Milliseconds without a syscall after which it is stopped until it is needed again. Default never.
    /// </summary>
    public long? IdleStopMs { get; init; }

    /// <summary>What its inbox holds; absent fields take the defaults.</summary>
    public InboxRule? Inbox { get; init; }

    /// <summary>
    /// Stands for the contents of its script: another value is a change, although the path is the same. Any text of at
    /// most 128 characters.
    /// </summary>
    public string? Digest { get; init; }
}

/// <summary>
/// Bounds of an agent's inbox, of each replica's its own. Beyond them SEND is refused or waits, as its sender asked.
/// </summary>
public sealed record InboxRule
{
    /// <summary>How many messages it holds; as in REGISTER. Default 1000.</summary>
    public int? MaxMessages { get; init; }

    /// <summary>How many bytes it holds; as in REGISTER. Default 8388608.</summary>
    public long? MaxBytes { get; init; }
}

/// <summary>Which ends lead to a restart, how soon, and how often before the agent is given up.</summary>
public sealed record RestartRule
{
    /// <summary>Default <c>on-failure</c>.</summary>
    public RestartPolicy? Policy { get; init; }

    /// <summary>
    /// Milliseconds: the bound of the first delay. Each failure doubles the bound; the delay is anywhere below it, by
    /// chance. Default 500.
    /// </summary>
    public long? BackoffMs { get; init; }

    /// <summary>Milliseconds that the bound never exceeds. Default 60000.</summary>
    public long? BackoffMaxMs { get; init; }

    /// <summary>Milliseconds of a run after which the bound begins anew. Default 60000.</summary>
    public long? ResetAfterMs { get; init; }

    /// <summary>
    /// Starts within <see cref="IntervalMs"/> after which the agent is given up, 0 for no limit. Default 5.
    /// </summary>
    public int? Burst { get; init; }

    /// <summary>Milliseconds. Default 60000.</summary>
    public long? IntervalMs { get; init; }
}

/// <summary>
/// Which ends of an agent lead to a restart. None of these restarts what an operator ended, or what broke a rule.
/// </summary>
[JsonConverter(typeof(EnumNames<RestartPolicy>))]
public enum RestartPolicy
{
    /// <summary>None.</summary>
    [JsonStringEnumMemberName("no")]
    No,
    /// <summary>All but exit code 0.</summary>
    [JsonStringEnumMemberName("on-failure")]
    OnFailure,
    /// <summary>Those that are not an exit of its own: signals, time-outs, the watchdog, memory.</summary>
    [JsonStringEnumMemberName("on-abnormal")]
    OnAbnormal,
    /// <summary>Exit code 0 too.</summary>
    [JsonStringEnumMemberName("always")]
    Always,
}

/// <summary>When an agent counts as ready.</summary>
public sealed record ReadyRule
{
    /// <summary>Default <c>started</c>.</summary>
    public ReadyWhen? When { get; init; }

    /// <summary>With <c>probe</c>: a command inside the agent's sandbox, ready when it exits with 0.</summary>
    public IReadOnlyList<string>? Probe { get; init; }

    /// <summary>Milliseconds between two probes, and the time that one has. Default 1000.</summary>
    public long? IntervalMs { get; init; }

    /// <summary>Milliseconds from the start; then it is ended with cause <c>not-ready</c>. Default 60000.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>What makes an agent ready.</summary>
[JsonConverter(typeof(EnumNames<ReadyWhen>))]
public enum ReadyWhen
{
    /// <summary>Its program runs.</summary>
    [JsonStringEnumMemberName("started")]
    Started,
    /// <summary>It says READY.</summary>
    [JsonStringEnumMemberName("syscall")]
    Syscall,
    /// <summary>It sends its first message.</summary>
    [JsonStringEnumMemberName("message")]
    Message,
    /// <summary>A command in its sandbox succeeds.</summary>
    [JsonStringEnumMemberName("probe")]
    Probe,
}

/// <summary>How an agent is stopped.</summary>
public sealed record StopRule
{
    /// <summary>
    /// Milliseconds that it has before SIGTERM to finish what it has in hand. It is told by the event <c>draining</c>
    /// and by its RECVs, which give it nothing new; it may end as soon as it is done. What is sent to it meanwhile
    /// waits for the next process of its name. Default 0: SIGTERM at once.
    /// </summary>
    public long? DrainMs { get; init; }

    /// <summary>Milliseconds between SIGTERM and the kill; default the kernel's.</summary>
    public long? GraceMs { get; init; }
}

/// <summary>Signs of life and of progress. Absent and 0: not watched.</summary>
public sealed record WatchdogRule
{
    /// <summary>
    /// Milliseconds without a syscall, READY included, after which it counts as hung. Waiting in the kernel counts as a
    /// sign of life; a stopped clock (PAUSE) is no fault.
    /// </summary>
    public long? HeartbeatMs { get; init; }

    /// <summary>The same call so many times in a row, and no other, counts as a livelock.</summary>
    public int? RepeatMax { get; init; }

    /// <summary>Tokens of models used without any other deed that count as a livelock.</summary>
    public long? TokensWithoutProgressMax { get; init; }

    /// <summary>Default <c>restart</c>.</summary>
    public WatchdogAction? Action { get; init; }
}

/// <summary>What is done to an agent that the watchdog finds.</summary>
[JsonConverter(typeof(EnumNames<WatchdogAction>))]
public enum WatchdogAction
{
    /// <summary>It is ended with cause <c>watchdog</c>, and its restart policy decides.</summary>
    [JsonStringEnumMemberName("restart")]
    Restart,
    /// <summary>It is frozen until somebody resumes it.</summary>
    [JsonStringEnumMemberName("pause")]
    Pause,
    /// <summary>It is ended and given up.</summary>
    [JsonStringEnumMemberName("kill")]
    Kill,
}

/// <summary>When the clock starts an agent.</summary>
public sealed record FleetSchedule
{
    /// <summary>Five fields, as cron has them: minute, hour, day of month, month, day of week.</summary>
    public string Cron { get; init; } = "";

    /// <summary>An IANA time zone such as <c>Europe/Vienna</c>; default <c>UTC</c>.</summary>
    public string? Zone { get; init; }

    /// <summary>Of starts that were missed while no kernel ran. Default <c>skip</c>.</summary>
    public MissedStart? Missed { get; init; }
}

/// <summary>What becomes of starts that nobody was there for.</summary>
[JsonConverter(typeof(EnumNames<MissedStart>))]
public enum MissedStart
{
    /// <summary>Nothing.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,
    /// <summary>One start makes up for all of them.</summary>
    [JsonStringEnumMemberName("once")]
    Once,
}

/// <summary>What starts an agent.</summary>
[JsonConverter(typeof(EnumNames<StartOn>))]
public enum StartOn
{
    /// <summary>Its fleet's being applied, and each start of the kernel.</summary>
    [JsonStringEnumMemberName("boot")]
    Boot,
    /// <summary>The first message to its name.</summary>
    [JsonStringEnumMemberName("message")]
    Message,
    /// <summary>Its schedule.</summary>
    [JsonStringEnumMemberName("schedule")]
    Schedule,
}

/// <summary>
/// One node of a fleet's tree of supervisors. <c>root</c> is always there, and can be declared to change it.
/// </summary>
public sealed record FleetSupervisor
{
    /// <summary>Unique among the supervisors of the fleet.</summary>
    public string Name { get; init; } = "";

    /// <summary>The supervisor above; default <c>root</c>.</summary>
    public string? Parent { get; init; }

    /// <summary>Default <c>one_for_one</c>.</summary>
    public SupervisorStrategy? Strategy { get; init; }

    /// <summary>
    /// Restarts of its children within <see cref="IntervalMs"/> that it allows; the next is a failure of its own, which
    /// goes to its parent. 0 for no limit. Default 10; of <c>root</c> 0.
    /// </summary>
    public int? Burst { get; init; }

    /// <summary>Milliseconds. Default 60000.</summary>
    public long? IntervalMs { get; init; }

    /// <summary>
    /// Of <c>root</c>: an http or https address that is told of escalations, as JSON by POST.
    /// </summary>
    public string? Webhook { get; init; }
}

/// <summary>Who is restarted when one child of a supervisor fails.</summary>
[JsonConverter(typeof(EnumNames<SupervisorStrategy>))]
public enum SupervisorStrategy
{
    /// <summary>It alone.</summary>
    [JsonStringEnumMemberName("one_for_one")]
    OneForOne,
    /// <summary>All children of the supervisor.</summary>
    [JsonStringEnumMemberName("one_for_all")]
    OneForAll,
    /// <summary>It and those that are started after it.</summary>
    [JsonStringEnumMemberName("rest_for_one")]
    RestForOne,
}
