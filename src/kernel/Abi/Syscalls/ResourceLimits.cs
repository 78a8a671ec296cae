namespace Analemma.Abi.Syscalls;

/// <summary>
/// What a process and all its descendants may use together. An absent field takes the kernel's default, and never more
/// than the parent has.
/// </summary>
public sealed record ResourceLimits
{
    /// <summary>Bytes of memory, swap excluded, /work and /tmp included. Default 256 MiB, at least 8 MiB.</summary>
    public long? Memory { get; init; }

    /// <summary>Processes and threads. Default 64, at least 1.</summary>
    public int? MaxPids { get; init; }

    /// <summary>Microseconds of CPU per <see cref="CpuPeriod"/>; -1 for no quota. Default 100000: one core.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>Microseconds, 1000 to 1000000. Default 100000.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>Share under contention, 1 to 10000, as in cgroup v2. Default 100.</summary>
    public int? CpuWeight { get; init; }

    /// <summary>The same in cgroup v1's unit, 2 to 262144, as AgentOS says it. Default 1024.</summary>
    public int? CpuShares { get; init; }

    /// <summary>Milliseconds from start to a kill with cause <c>timeout</c>. Default none.</summary>
    public long? WallMs { get; init; }

    /// <summary>Open file descriptors per host process. Default 1024.</summary>
    public int? OpenFiles { get; init; }

    /// <summary>
    /// Bytes of captured output kept, both streams together; older output is dropped. Default 16 MiB.
    /// </summary>
    public long? LogBytes { get; init; }

    /// <summary>Bytes of files in /work. Default 64 MiB.</summary>
    public long? WorkBytes { get; init; }
}
