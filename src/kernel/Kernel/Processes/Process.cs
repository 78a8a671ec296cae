using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Processes;

/// <summary>
/// One row of the process table. Everything here is durable, that is, decided by durable events alone, but for the
/// latest usage.
/// </summary>
public sealed class Process
{
    private ProcessState _state;

    public required ProcessId Id { get; init; }

    public required SpawnPlan Plan { get; init; }

    public required long CreatedAt { get; init; }

    /// <summary>Changed by <see cref="Take"/> alone.</summary>
    public ProcessState State { get => _state; init => _state = value; }

    /// <summary>The sandbox's key on the host, once it exists.</summary>
    public string? Key { get; set; }

    public int HostPid { get; set; }

    public string? Engine { get; set; }

    public string? Tier { get; set; }

    public IReadOnlyList<string> Missing { get; set; } = [];

    public long? StartedAt { get; set; }

    public long? ExitedAt { get; set; }

    /// <summary>Why it is being stopped, once it is. The first reason stays.</summary>
    public ExitCause? StopCause { get; set; }

    public string? StopDetail { get; set; }

    /// <summary>It was told to finish what it has in hand: it is given no new messages any more.</summary>
    public bool IsFinishing { get; set; }

    /// <summary>
    /// While it finishes what it has in hand, before SIGTERM: the grace that it has after that. Null at any other time.
    /// </summary>
    public long? DrainGraceMs { get; set; }

    /// <summary>When SIGTERM comes to one that has not finished by then.</summary>
    public long? DrainUntil { get; set; }

    /// <summary>Whether the kill after SIGTERM has been sent.</summary>
    public bool KillSent { get; set; }

    public ExitStatus? Exit { get; set; }

    /// <summary>Denials and refusals that are in the journal.</summary>
    public long AuditRecords { get; set; }

    public long DeniedJournaled { get; set; }

    /// <summary>Calls of the kernel's tools that were recorded.</summary>
    public long ToolCalls { get; set; }

    /// <summary>What its owner changed its budget to; null while it is as it was spawned.</summary>
    public ModelBudget? BudgetSet { get; set; }

    /// <summary>What its permissions were changed to; null while they are as it was spawned.</summary>
    public Permissions? PermissionsSet { get; set; }

    /// <summary>What it may, within what those above it may.</summary>
    [JsonIgnore]
    public Permissions Permissions => PermissionsSet ?? Plan.Permissions;

    /// <summary>What it and its descendants may spend on models.</summary>
    [JsonIgnore]
    public ModelBudget Budget => BudgetSet ?? Plan.Models.Budget;

    /// <summary>What it and its descendants have spent on models, as far as it is settled.</summary>
    public Spend Spent { get; set; } = Spend.Nothing;

    /// <summary>Counters at the end, or the latest sample while it lives.</summary>
    public Usage? FinalUsage { get; set; }

    [JsonIgnore]
    public Usage Latest { get; set; } = new();

    /// <summary>Those on their way to the journal: a burst is bounded before its first record is there.</summary>
    [JsonIgnore]
    public long AuditRecordsRaised { get; set; }

    /// <summary>Denials counted beyond those in the journal; lost with the kernel.</summary>
    [JsonIgnore]
    public long DeniedUncounted { get; set; }

    /// <summary>How its model calls fared; of the oldest of a family, for all of it.</summary>
    [JsonIgnore]
    public Models.ModelMeter Meter { get; } = new();

    [JsonIgnore]
    public bool IsAlive => State != ProcessState.Exited;

    [JsonIgnore]
    public ProcessId Parent => Plan.Parent;

    [JsonIgnore]
    public string Name => Plan.Name;

    /// <summary>What it is known by across restarts.</summary>
    [JsonIgnore]
    public string Path => Plan.Path
        ?? (Parent == ProcessId.None ? Name : $"{Parent}{SpawnPlan.PathSeparator}{Name}");

    public void Take(ProcessEvent @event) => _state = Lifecycle.Next(_state, @event);

    public bool Can(ProcessEvent @event) => Lifecycle.Allows(State, @event);

    public ProcessView View(long now)
    {
        var usage = FinalUsage ?? Latest;
        return new ProcessView(Id, Name, State)
        {
            Pid = IsAlive ? HostPid : 0,
            Running = State is ProcessState.Running,
            Parent = Parent,
            Sandboxed = Plan.Sandboxed,
            Engine = Engine,
            Tier = Tier,
            Missing = Missing,
            CpuMs = usage.CpuUs / 1000,
            MemoryBytes = IsAlive ? usage.MemoryBytes : 0,
            MemoryPeakBytes = usage.MemoryPeakBytes,
            Pids = IsAlive ? usage.Pids : 0,
            ThrottledMs = usage.ThrottledUs / 1000,
            Denied = DeniedJournaled + DeniedUncounted,
            PidLimitHits = usage.PidLimitHits,
            Tools = Plan.Tools.Count > 0 ? Plan.Tools : null,
            ToolCalls = ToolCalls,
            UptimeMs = Math.Max(0, (ExitedAt ?? now) - (StartedAt ?? now)) / TimeSpan.TicksPerMillisecond,
            CreatedAt = new DateTimeOffset(CreatedAt, TimeSpan.Zero),
            ExitedAt = ExitedAt is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null,
            Exit = Exit,
            Network = Plan.Network ? ["the host's network"]
                : Plan.NetworkRules.Count > 0 ? [.. Plan.NetworkRules.Select(rule => rule.ToString())] : null,
            Limits = Plan.Limits.ToWire(),
        };
    }
}
