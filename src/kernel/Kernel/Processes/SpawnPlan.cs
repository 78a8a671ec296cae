using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Network;

namespace Analemma.Kernel.Processes;

/// <summary>What one process is and may be: the spawn request with every default decided.</summary>
public sealed record SpawnPlan
{
    /// <summary>Between the names of a path: no name has it.</summary>
    public const char PathSeparator = '/';

    public required string Name { get; init; }

    /// <summary>The names above it and its own, as in <c>parent/child</c>.</summary>
    // Null where a journal was written before there was a store.
    public string? Path { get; init; }

    /// <summary>Set for a script: the path as the spawner sees it.</summary>
    public string? Script { get; init; }

    public string Python { get; init; } = "python3";

    public IReadOnlyList<string> Argv { get; init; } = [];

    public IReadOnlyList<string> Args { get; init; } = [];

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public string Cwd { get; init; } = "/work";

    public bool Sandboxed { get; init; } = true;

    /// <summary>It shares the host's network.</summary>
    public bool Network { get; init; }

    /// <summary>What it may reach through the kernel.</summary>
    // Null where a journal was written before there were rules.
    public IReadOnlyList<RulePlan> NetworkRules { get; init => field = value ?? []; } = [];

    public required LimitSet Limits { get; init; }

    // Null where a journal was written before there were models.
    public ModelPlan Models { get; init => field = value ?? new(); } = new();

    // Null where a journal was written before there were servers of tools.
    public IReadOnlyList<string> Tools { get; init => field = value ?? []; } = [];

    /// <summary>What it may do beyond itself; the group is decided, lists may be open.</summary>
    // Null where a journal was written before there were permissions.
    public Permissions Permissions { get; init => field = value ?? new(); } = new();

    public IReadOnlyList<string> Require { get; init; } = [];

    public bool AuditReads { get; init; }

    public bool PoolAllowed { get; init; } = true;

    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>Pipes that are its standard streams.</summary>
    public long? StdinPipe { get; init; }

    public long? StdoutPipe { get; init; }

    /// <summary>The spawner, whose /work a script comes from; None for the host.</summary>
    public ProcessId Parent { get; init; }
}
