using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>Where a process is in its life.</summary>
public enum ProcessState
{
    [JsonStringEnumMemberName("starting")]
    Starting,
    [JsonStringEnumMemberName("running")]
    Running,
    [JsonStringEnumMemberName("paused")]
    Paused,
    [JsonStringEnumMemberName("stopping")]
    Stopping,
    [JsonStringEnumMemberName("exited")]
    Exited,
}

/// <summary>Why a process ended. The first cause that holds, in the kernel's view, not only its wait status.</summary>
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

    public bool Running { get; init; }

    /// <summary>Zero when a client on the host spawned it.</summary>
    public ProcessId Parent { get; init; }

    public bool Sandboxed { get; init; }

    public string? Engine { get; init; }

    public string? Tier { get; init; }

    /// <summary>Guarantees that this process does not have on this host.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    public long CpuMs { get; init; }

    public long MemoryBytes { get; init; }

    public long MemoryPeakBytes { get; init; }

    public long Pids { get; init; }

    /// <summary>How long its CPU quota held it back.</summary>
    public long ThrottledMs { get; init; }

    /// <summary>Denied attempts so far.</summary>
    public long Denied { get; init; }

    /// <summary>Forks refused by its process limit.</summary>
    public long PidLimitHits { get; init; }

    public long UptimeMs { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExitedAt { get; init; }

    public ExitStatus? Exit { get; init; }

    public ResourceLimits? Limits { get; init; }
}
