namespace Analemma.Abi.Syscalls;

/// <summary>Describes the kernel and what it can enforce on this host.</summary>
public sealed record Status : Syscall
{
    public override SyscallNumber Number => SyscallNumber.Status;
}

public sealed record StatusReply(string Version, int Pid, string Socket) : Reply
{
    public long UptimeMs { get; init; }

    /// <summary>Which start of this kernel, on this state folder, it is: 1, 2, …</summary>
    public long Boot { get; init; }

    public string Engine { get; init; } = "";

    /// <summary><c>v1</c>, <c>v2</c> or <c>none</c>.</summary>
    public string Cgroups { get; init; } = "";

    public IReadOnlyList<Guarantee> Guarantees { get; init; } = [];

    public int Starting { get; init; }

    public int RunningProcesses { get; init; }

    public int Paused { get; init; }

    public int Stopping { get; init; }

    public int Exited { get; init; }

    public long JournalSequence { get; init; }

    public int Connections { get; init; }

    /// <summary>Warm sandboxes ready: created containers, and preloaded interpreters.</summary>
    public int PoolCreated { get; init; }

    public int PoolPreloaded { get; init; }

    public long ResidentBytes { get; init; }
}

/// <summary>Something the sandbox can promise: what holds it, or why it is missing here and how to get it.</summary>
public sealed record Guarantee(string Name, bool Enforced)
{
    /// <summary>The mechanism, when enforced; the reason, when not.</summary>
    public string How { get; init; } = "";

    public string? Remedy { get; init; }
}

/// <summary>Stops the kernel after ending every process; host clients only. Answers before it goes.</summary>
public sealed record Shutdown : Syscall
{
    public override SyscallNumber Number => SyscallNumber.Shutdown;

    /// <summary>Milliseconds between SIGTERM and the kill of every process, 0 to 300000. Default 2000.</summary>
    public long? GraceMs { get; init; }
}

public sealed record ShutdownReply(int Processes) : Reply;
