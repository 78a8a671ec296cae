using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>Where a process is in its life.</summary>
[JsonConverter(typeof(EnumNames<ProcessState>))]
public enum ProcessState
{
    /// <summary>Its sandbox is being made.</summary>
    [JsonStringEnumMemberName("starting")]
    Starting,
    /// <summary>It runs.</summary>
    [JsonStringEnumMemberName("running")]
    Running,
    /// <summary>It is frozen.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,
    /// <summary>It was told to end, and has its grace.</summary>
    [JsonStringEnumMemberName("stopping")]
    Stopping,
    /// <summary>It has ended; its record stays.</summary>
    [JsonStringEnumMemberName("exited")]
    Exited,
}

/// <summary>Why a process ended. The first cause that holds, in the kernel's view, not only its wait status.</summary>
[JsonConverter(typeof(EnumNames<ExitCause>))]
public enum ExitCause
{
    /// <summary>It ended by itself, with a code.</summary>
    [JsonStringEnumMemberName("exited")]
    Exited,

    /// <summary>A signal ended it that the kernel did not send.</summary>
    [JsonStringEnumMemberName("signalled")]
    Signalled,

    /// <summary>It or a host process inside it was killed for want of memory.</summary>
    [JsonStringEnumMemberName("oom-killed")]
    OomKilled,

    /// <summary>It kept forking at its process limit and was killed for it.</summary>
    [JsonStringEnumMemberName("pid-limit")]
    PidLimit,

    /// <summary>It never ran.</summary>
    [JsonStringEnumMemberName("start-failed")]
    StartFailed,

    /// <summary>Its wall-clock limit passed.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>Somebody with the right to do so killed it, or its parent ended.</summary>
    [JsonStringEnumMemberName("killed-by-operator")]
    KilledByOperator,

    /// <summary>The kernel stopped, or was found to have stopped.</summary>
    [JsonStringEnumMemberName("kernel-shutdown")]
    KernelShutdown,

    /// <summary>It gave no sign of life, or made no progress, and its watchdog ended it.</summary>
    [JsonStringEnumMemberName("watchdog")]
    Watchdog,

    /// <summary>It was not ready in time.</summary>
    [JsonStringEnumMemberName("not-ready")]
    NotReady,

    /// <summary>It said that it cannot cope.</summary>
    [JsonStringEnumMemberName("escalated")]
    Escalated,

    /// <summary>Its supervisor stopped it: to restart it, with others, or for good.</summary>
    [JsonStringEnumMemberName("stopped-by-supervisor")]
    StoppedBySupervisor,
}

/// <summary>How a process ended.</summary>
public sealed record ExitStatus(ExitCause Cause)
{
    /// <summary>The exit code, with cause <c>exited</c>.</summary>
    public int? Code { get; init; }

    /// <summary>The signal number that ended it, when one did.</summary>
    public int? Signal { get; init; }

    /// <summary>One sentence more, for people.</summary>
    public string? Detail { get; init; }
}

/// <summary>One process as LIST, INSPECT and WAIT show it. Usage figures are from the latest sample.</summary>
public sealed record ProcessView(ProcessId Id, string Name, ProcessState State) : Reply
{
    /// <summary>Host pid of its first host process; 0 before it runs and after it has ended.</summary>
    public int Pid { get; init; }

    /// <summary>True in every state in which it may still use the host: AgentOS programs read it.</summary>
    public bool Running { get; init; }

    /// <summary>Zero when a client on the host spawned it.</summary>
    public ProcessId Parent { get; init; }

    /// <summary>False for a plain host process.</summary>
    public bool Sandboxed { get; init; }

    /// <summary>What made its sandbox.</summary>
    public string? Engine { get; init; }

    /// <summary>How it was started: cold, created or preloaded.</summary>
    public string? Tier { get; init; }

    /// <summary>Guarantees that this process does not have on this host.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>CPU time used.</summary>
    public long CpuMs { get; init; }

    /// <summary>Memory in use.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The most memory that was in use.</summary>
    public long MemoryPeakBytes { get; init; }

    /// <summary>Host processes and threads inside.</summary>
    public long Pids { get; init; }

    /// <summary>How long its CPU quota held it back.</summary>
    public long ThrottledMs { get; init; }

    /// <summary>Denied attempts so far.</summary>
    public long Denied { get; init; }

    /// <summary>The tools of the kernel that it may call, as its spawner said; absent for none.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>Calls of such tools so far.</summary>
    public long ToolCalls { get; init; }

    /// <summary>Forks refused by its process limit.</summary>
    public long PidLimitHits { get; init; }

    /// <summary>Since it was spawned, until it ended.</summary>
    public long UptimeMs { get; init; }

    /// <summary>When it was spawned.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>How it ended.</summary>
    public ExitStatus? Exit { get; init; }

    /// <summary>
    /// What it may reach through the kernel, a line a rule such as <c>GET https://api.example.com/v1/ with
    /// Authorization</c>; <c>the host's network</c> when it shares that.
    /// </summary>
    public IReadOnlyList<string>? Network { get; init; }

    /// <summary>What it may use, every field decided.</summary>
    public ResourceLimits? Limits { get; init; }
}
