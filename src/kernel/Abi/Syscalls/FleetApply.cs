using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Declares a fleet: agents that shall run, and go on running. The kernel applies the difference to what was declared
/// before under the same name, all of it or, when one part is wrong, nothing; it starts in the order of dependencies
/// and answers at once. The declaration is durable: every later kernel brings it about again. Clients on the host only.
/// </summary>
public sealed record FleetApply : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.FleetApply;

    /// <summary>The fleet's name, as process names are.</summary>
    public string Fleet { get; init; } = "";

    /// <summary>Its agents, 1 to 1000. What was declared before and is not here is stopped and removed.</summary>
    public IReadOnlyList<FleetAgent> Agents { get; init => field = value ?? []; } = [];

    /// <summary>Its supervisors; default <c>root</c> alone.</summary>
    public IReadOnlyList<FleetSupervisor>? Supervisors { get; init; }

    /// <summary>
    /// Mailboxes that there shall be, at most 256. One that is not here any more stays as it is: UNREGISTER ends it.
    /// </summary>
    public IReadOnlyList<FleetMailbox>? Mailboxes { get; init; }

    /// <summary>True answers with the difference and changes nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>The difference between a declaration and the one before.</summary>
/// <param name="Fleet">Which fleet.</param>
/// <param name="Revision">Raised by every declaration that differs; of a dry run what it would become.</param>
public sealed record FleetApplyReply(string Fleet, long Revision) : Reply
{
    /// <summary>Agents that are new.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Agents that differ, and what that leads to.</summary>
    public IReadOnlyList<FleetChange> Changed { get; init; } = [];

    /// <summary>Agents that are stopped and removed.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Mailboxes that are made, or get other options.</summary>
    public IReadOnlyList<string> Mailboxes { get; init => field = value ?? []; } = [];

    /// <summary>Agents that are as before; nothing happens to them.</summary>
    public IReadOnlyList<string> Unchanged { get; init; } = [];

    /// <summary>True when nothing was applied because that was asked.</summary>
    public bool DryRun { get; init; }
}

/// <summary>One agent that is declared otherwise than before.</summary>
/// <param name="Name">Which.</param>
/// <param name="Fields">The fields that differ, such as <c>spawn.limits</c> or <c>replicas</c>.</param>
/// <param name="Action"><c>restart</c> when what runs must be replaced, <c>update</c> when it goes on running.</param>
public sealed record FleetChange(string Name, IReadOnlyList<string> Fields, string Action);

/// <summary>
/// Stops a fleet in the reverse order of dependencies and forgets it. Answers at once; FLEETSTATUS shows what is left.
/// Clients on the host only.
/// </summary>
public sealed record FleetDown : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.FleetDown;

    /// <summary>Which fleet.</summary>
    public string Fleet { get; init; } = "";
}

/// <summary>The fleet is being stopped.</summary>
/// <param name="Fleet">Which.</param>
/// <param name="Stopping">How many of its agents still live.</param>
public sealed record FleetDownReply(string Fleet, int Stopping) : Reply;

/// <summary>Shows how the agents of a fleet, or of all, fare. Clients on the host only.</summary>
public sealed record FleetStatus : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.FleetStatus;

    /// <summary>Which fleet; default all, and the agents that WATCH supervises.</summary>
    public string? Fleet { get; init; }
}

/// <summary>Fleets, supervisors and agents, in the order of their declaration.</summary>
/// <param name="Units">One row an agent; with replicas one a replica.</param>
public sealed record FleetStatusReply(IReadOnlyList<UnitView> Units) : Reply
{
    /// <summary>The fleets there are.</summary>
    public IReadOnlyList<FleetView> Fleets { get; init; } = [];
}

/// <summary>One fleet.</summary>
/// <param name="Fleet">Its name.</param>
/// <param name="Revision">Of its latest declaration.</param>
public sealed record FleetView(string Fleet, long Revision)
{
    /// <summary>True while it is being stopped.</summary>
    public bool Leaving { get; init; }

    /// <summary>Its supervisors, <c>root</c> first.</summary>
    public IReadOnlyList<SupervisorView> Supervisors { get; init; } = [];
}

/// <summary>One supervisor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parent">The one above; empty for <c>root</c>.</param>
/// <param name="Strategy">Who is restarted when one child fails.</param>
/// <param name="Restarts">Restarts of children so far.</param>
public sealed record SupervisorView(string Name, string Parent, SupervisorStrategy Strategy, long Restarts)
{
    /// <summary>How often it failed itself, because its children failed too often.</summary>
    public long Falls { get; init; }
}

/// <summary>One supervised agent.</summary>
/// <param name="Name">The name of its process.</param>
/// <param name="State">How it stands.</param>
public sealed record UnitView(string Name, UnitState State)
{
    /// <summary>Its fleet; empty for one that WATCH supervises.</summary>
    public string Fleet { get; init; } = "";

    /// <summary>The agent that it is a replica of.</summary>
    public string Agent { get; init; } = "";

    /// <summary>Its supervisor's name: of a fleet, or of the process that watches it.</summary>
    public string Supervisor { get; init; } = "";

    /// <summary>Its process now, or the latest; 0 before the first.</summary>
    public ProcessId Process { get; init; }

    /// <summary>How many processes have been started for it: never two of them live.</summary>
    public long Incarnation { get; init; }

    /// <summary>Restarts after failures so far.</summary>
    public long Restarts { get; init; }

    /// <summary>With <c>backing_off</c>: when it is started again; with <c>scheduled</c>: when it is due.</summary>
    public DateTimeOffset? NextRestartAt { get; init; }

    /// <summary>How its latest process ended.</summary>
    public ExitStatus? LastExit { get; init; }

    /// <summary>What led to its state, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>The revision of the fleet that it runs as.</summary>
    public long Revision { get; init; }

    /// <summary>What it waits for: agents that are not ready.</summary>
    public IReadOnlyList<string>? WaitsFor { get; init; }

    /// <summary>How long it has been running.</summary>
    public long UptimeMs { get; init; }
}

/// <summary>How a supervised agent stands.</summary>
[JsonConverter(typeof(EnumNames<UnitState>))]
public enum UnitState
{
    /// <summary>It shall run and waits: for those before it, or for its supervisor.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,
    /// <summary>Its clock or its first message starts it.</summary>
    [JsonStringEnumMemberName("scheduled")]
    Scheduled,
    /// <summary>Its sandbox is being made.</summary>
    [JsonStringEnumMemberName("starting")]
    Starting,
    /// <summary>It runs and is not ready yet.</summary>
    [JsonStringEnumMemberName("running")]
    Running,
    /// <summary>It runs and is ready.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,
    /// <summary>It is being stopped.</summary>
    [JsonStringEnumMemberName("stopping")]
    Stopping,
    /// <summary>It failed and is started again in a while.</summary>
    [JsonStringEnumMemberName("backing_off")]
    BackingOff,
    /// <summary>It failed for want of a model's provider, and waits for that to be back.</summary>
    [JsonStringEnumMemberName("parked")]
    Parked,
    /// <summary>It is frozen, or its end needs a person to look: RESTART starts it again.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,
    /// <summary>It failed too often. RESTART starts it again.</summary>
    [JsonStringEnumMemberName("given_up")]
    GivenUp,
    /// <summary>It has ended and is not started again by itself: it was killed, or has done its work.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,
}

/// <summary>
/// Restarts the agents of a fleet, or one of them, whatever state they are in; counters begin anew. Answers at once.
/// Clients on the host only.
/// </summary>
public sealed record FleetRestart : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.FleetRestart;

    /// <summary>Which fleet.</summary>
    public string Fleet { get; init; } = "";

    /// <summary>Which agent, all its replicas, or one replica by its process name; default all.</summary>
    public string? Agent { get; init; }

    /// <summary>
    /// True restarts one after the other, the next when the one before is ready. Default all at once.
    /// </summary>
    public bool Rolling { get; init; }
}

/// <summary>They are being restarted.</summary>
/// <param name="Fleet">Which fleet.</param>
/// <param name="Restarting">The names of their processes.</param>
public sealed record FleetRestartReply(string Fleet, IReadOnlyList<string> Restarting) : Reply;
