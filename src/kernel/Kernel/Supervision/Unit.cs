using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

/// <summary>Where a unit is between its processes.</summary>
public enum UnitPhase
{
    /// <summary>It shall run as soon as what it waits for is there.</summary>
    Waiting,

    /// <summary>Something from outside starts it: a clock, a message.</summary>
    Scheduled,

    /// <summary>It has a living process.</summary>
    Live,

    /// <summary>It failed; its timer starts it again.</summary>
    BackingOff,

    /// <summary>It failed for want of a provider of models.</summary>
    Parked,

    /// <summary>A person must look.</summary>
    Paused,

    GivenUp,

    Stopped,
}

/// <summary>What shall become of a unit.</summary>
public enum UnitGoal
{
    Run,

    /// <summary>What lives is stopped, then it runs again.</summary>
    Restart,

    /// <summary>What lives is stopped, then it rests in the phase that is kept with it.</summary>
    Rest,

    /// <summary>What lives is stopped, then it is forgotten.</summary>
    Leave,
}

/// <summary>
/// One supervised place: an agent that shall run, or one replica of it. Processes come and go in it, one at a time;
/// each is an incarnation. All of it is durable.
/// </summary>
public sealed class Unit
{
    public required long Id { get; init; }

    /// <summary>The name of its processes: unique among units.</summary>
    public required string Name { get; init; }

    /// <summary>Empty for one that WATCH made.</summary>
    public string Fleet { get; init; } = "";

    public required FleetAgent Declared { get; set; }

    /// <summary>Which replica of its agent, from 1; 0 for the only one.</summary>
    public int Replica { get; init; }

    /// <summary>Of the fleet, as it runs.</summary>
    public long Revision { get; set; }

    /// <summary>
    /// What the permissions of its processes were changed to, until it is declared otherwise: nobody gets back by a
    /// crash what was taken from him. Null while they are as declared.
    /// </summary>
    public Permissions? PermissionsSet { get; set; }

    /// <summary>Of a watched one: what its first process was started with.</summary>
    public SpawnPlan? Plan { get; set; }

    /// <summary>Of a watched one: the process that spawned it and supervises it; None for the host.</summary>
    public ProcessId Parent { get; set; }

    /// <summary>Of a watched one: the unit of that process, if it has one.</summary>
    public long SupervisorUnit { get; set; }

    public OrphanRule Orphan { get; set; }

    public UnitPhase Phase { get; set; }

    public UnitGoal Goal { get; set; }

    /// <summary>With goal Rest: where it rests.</summary>
    public UnitPhase RestsAs { get; set; }

    /// <summary>
    /// Units that are restarted together have the same number, until each is started again; 0 for none.
    /// </summary>
    public long Batch { get; set; }

    /// <summary>The living process, or the latest.</summary>
    public ProcessId Process { get; set; }

    public long Incarnation { get; set; }

    public long Restarts { get; set; }

    /// <summary>Failures since its last stable run: the power of two in its delay.</summary>
    public int Failures { get; set; }

    /// <summary>When it was started lately, no more than count for its limit.</summary>
    public List<long> Starts { get; init => field = value ?? []; } = [];

    /// <summary>When its timer rings: for its next start, or because it is not ready.</summary>
    public long? DueAt { get; set; }

    /// <summary>The host's bucket has let this restart through.</summary>
    public bool HasPass { get; set; }

    /// <summary>Its next start is one after a failure, and counts for its limit.</summary>
    public bool IsAfterFailure { get; set; }

    public bool IsReady { get; set; }

    /// <summary>What its process was seen to suffer from, which decides what its end leads to.</summary>
    public Trouble? Trouble { get; set; }

    /// <summary>Parked: how often it was let try whether the provider is back.</summary>
    public int Tries { get; set; }

    public ExitStatus? LastExit { get; set; }

    public string? Reason { get; set; }

    /// <summary>What its process last said with READY.</summary>
    public string? Status { get; set; }

    /// <summary>Causes that came up to it from below, first the first.</summary>
    public List<string> Chain { get; set => field = value ?? []; } = [];

    /// <summary>The process whose output tells most about the chain.</summary>
    public ProcessId ChainOf { get; set; }

    [JsonIgnore]
    public bool IsLive => Phase is UnitPhase.Live;

    [JsonIgnore]
    public bool IsWatched => Fleet.Length == 0;

    /// <summary>The supervisor in its fleet.</summary>
    [JsonIgnore]
    public string Supervisor => Declared.Supervisor ?? SupervisorState.RootName;

    [JsonIgnore]
    public RestartPlan Restart => new(Declared.Restart);

    /// <summary>It counts for those that wait for it.</summary>
    [JsonIgnore]
    public bool IsThere => (IsLive && IsReady && Goal is UnitGoal.Run)
        || (Phase is UnitPhase.Stopped && LastExit is { Cause: ExitCause.Exited, Code: 0 })
        || UnitNeeds.RestsUntilNeeded(this);

    /// <summary>It has something to do as soon as others let it.</summary>
    [JsonIgnore]
    public bool IsPending => Goal is not UnitGoal.Run || Phase is UnitPhase.Waiting;
}

/// <summary>What made an agent fail, as far as the kernel knows better than its exit code.</summary>
public sealed record Trouble(TroubleKind Kind, string Reason)
{
    /// <summary>Of models: who served the call, or should have.</summary>
    public string? Provider { get; init; }
}

public enum TroubleKind
{
    /// <summary>Its budget is spent.</summary>
    Budget,

    /// <summary>Its model calls looked like those of a program that has lost its way.</summary>
    Runaway,

    /// <summary>No provider could serve its model calls.</summary>
    Outage,
}

/// <summary>A restart rule with every field decided.</summary>
public readonly record struct RestartPlan(RestartRule? Rule)
{
    public RestartPolicy Policy => Rule?.Policy ?? RestartPolicy.OnFailure;

    public long BackoffMs => Rule?.BackoffMs ?? 500;

    public long BackoffMaxMs => Math.Max(BackoffMs, Rule?.BackoffMaxMs ?? 60_000);

    public long ResetAfterMs => Rule?.ResetAfterMs ?? 60_000;

    public int Burst => Rule?.Burst ?? 5;

    public long IntervalMs => Rule?.IntervalMs ?? 60_000;
}
