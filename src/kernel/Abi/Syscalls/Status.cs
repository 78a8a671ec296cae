namespace Analemma.Abi.Syscalls;

/// <summary>Describes the kernel and what it can enforce on this host.</summary>
public sealed record Status : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Status;
}

/// <summary>The kernel now.</summary>
/// <param name="Version">Of the kernel.</param>
/// <param name="Pid">Its host pid.</param>
/// <param name="Socket">Where it listens for clients on the host.</param>
public sealed record StatusReply(string Version, int Pid, string Socket) : Reply
{
    /// <summary>Since it was ready.</summary>
    public long UptimeMs { get; init; }

    /// <summary>Which start of this kernel, on this state folder, it is: 1, 2, …</summary>
    public long Boot { get; init; }

    /// <summary>What makes its sandboxes.</summary>
    public string Engine { get; init; } = "";

    /// <summary><c>v1</c>, <c>v2</c> or <c>none</c>.</summary>
    public string Cgroups { get; init; } = "";

    /// <summary>What it can enforce on this host, and what not.</summary>
    public IReadOnlyList<Guarantee> Guarantees { get; init; } = [];

    /// <summary>Processes whose sandboxes are being made.</summary>
    public int Starting { get; init; }

    /// <summary>Processes that run.</summary>
    public int RunningProcesses { get; init; }

    /// <summary>Processes that are frozen.</summary>
    public int Paused { get; init; }

    /// <summary>Processes in their grace.</summary>
    public int Stopping { get; init; }

    /// <summary>Records of dead processes that are kept.</summary>
    public int Exited { get; init; }

    /// <summary>The last durable event's number.</summary>
    public long JournalSequence { get; init; }

    /// <summary>Open connections, agents' and the host's.</summary>
    public int Connections { get; init; }

    /// <summary>Warm sandboxes ready: created containers, and preloaded interpreters.</summary>
    public int PoolCreated { get; init; }

    /// <summary>Preloaded interpreters ready.</summary>
    public int PoolPreloaded { get; init; }

    /// <summary>Memory of the kernel itself.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Who runs models for this kernel.</summary>
    public IReadOnlyList<ModelProvider> Providers { get; init; } = [];

    /// <summary>The model or alias of a THINK that names none.</summary>
    public string DefaultModel { get; init; } = "";
}

/// <summary>Who runs models, and which. A key is never shown.</summary>
public sealed record ModelProvider(string Name, IReadOnlyList<string> Models)
{
    /// <summary>Its answers are made up.</summary>
    public bool Simulated { get; init; }

    /// <summary>The kernel holds a key for it.</summary>
    public bool HasKey { get; init; }

    /// <summary>Its scheme, host and port, when it is not at its own address.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Calls in flight at once.</summary>
    public int Slots { get; init; }
}

/// <summary>Something the sandbox can promise: what holds it, or why it is missing here and how to get it.</summary>
public sealed record Guarantee(string Name, bool Enforced)
{
    /// <summary>The mechanism, when enforced; the reason, when not.</summary>
    public string How { get; init; } = "";

    /// <summary>How to get it, when it is missing.</summary>
    public string? Remedy { get; init; }
}

/// <summary>Stops the kernel after ending every process; host clients only. Answers before it goes.</summary>
public sealed record Shutdown : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Shutdown;

    /// <summary>Milliseconds between SIGTERM and the kill of every process, 0 to 300000. Default 2000.</summary>
    public long? GraceMs { get; init; }
}

/// <summary>The kernel is stopping.</summary>
/// <param name="Processes">How many ended with it.</param>
public sealed record ShutdownReply(int Processes) : Reply;
