using Analemma.Abi.Syscalls;

namespace Analemma.Kernel;

/// <summary>
/// The kernel's own figures at one moment, for METRICS and whatever else shows metrics. Copies: they can be read while
/// the kernel goes on.
/// </summary>
public sealed record KernelFigures
{
    /// <summary>The agent that asked, for which there is nothing else; null for the host.</summary>
    public AgentFigures? Own { get; init; }

    /// <summary>Processes by their state.</summary>
    public IReadOnlyList<(ProcessState State, long Count)> Processes { get; init; } = [];

    /// <summary>Ends since the kernel started.</summary>
    public IReadOnlyList<(ExitCause Cause, long Count)> Exits { get; init; } = [];

    /// <summary>Denied attempts since the kernel started.</summary>
    public IReadOnlyList<(string Kind, long Count)> Denials { get; init; } = [];

    public long Spawns { get; init; }

    public long OomKills { get; init; }

    public IReadOnlyList<LaneFigures> Lanes { get; init; } = [];

    public IReadOnlyList<BudgetUse> Budgets { get; init; } = [];

    public string Version { get; init; } = "";

    public string Engine { get; init; } = "";

    public long Boot { get; init; }
}

/// <summary>One process, as itself may see it.</summary>
public sealed record AgentFigures(ProcessView View, IReadOnlyList<BudgetUse> Budgets);

/// <summary>One provider's slots and queue.</summary>
public sealed record LaneFigures(string Provider, int Slots, int Running, int Waiting);
