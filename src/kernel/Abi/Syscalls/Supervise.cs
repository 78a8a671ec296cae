using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Puts a living process, or with <see cref="Spawn"/> a new one, under supervision: its spawner becomes its supervisor,
/// and from now on the kernel restarts it by these rules, below the same parent. An agent watches children that it
/// spawned, a client on the host those of the host. What happens is told as events (SUBSCRIBE). Again for the same
/// process it changes the rules.
/// </summary>
public sealed record Watch : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Watch;

    /// <summary>
    /// In place of <c>id</c> and <c>name</c>: what to start, with a name. It is supervised from its first start on,
    /// also when that fails; the answer does not wait for it.
    /// </summary>
    public Spawn? Spawn { get; init; }

    /// <summary>What its end leads to; absent fields take the defaults.</summary>
    public RestartRule? Restart { get; init; }

    /// <summary>When a later process of it counts as ready.</summary>
    public ReadyRule? Ready { get; init; }

    /// <summary>How it is stopped.</summary>
    public StopRule? Stop { get; init; }

    /// <summary>Signs of life that it must give.</summary>
    public WatchdogRule? Watchdog { get; init; }

    /// <summary>
    /// What becomes of it when its supervisor ends, with which its process ends. Default <c>end</c>.
    /// </summary>
    public OrphanRule? Orphan { get; init; }
}

/// <summary>What becomes of a watched agent whose supervisor has ended.</summary>
[JsonConverter(typeof(EnumNames<OrphanRule>))]
public enum OrphanRule
{
    /// <summary>It is no longer supervised.</summary>
    [JsonStringEnumMemberName("end")]
    End,
    /// <summary>It is started again below the supervisor's next process, once that is ready, if there is one.</summary>
    [JsonStringEnumMemberName("restart")]
    Restart,
}

/// <summary>The process is supervised.</summary>
/// <param name="Unit">How it stands.</param>
public sealed record WatchReply(UnitView Unit) : Reply;

/// <summary>
/// Starts a supervised agent again: what lives is stopped first, what was given up or paused is taken up again.
/// Counters begin anew. Answers at once. For its supervisor and those above, and for clients on the host.
/// </summary>
public sealed record Restart : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Restart;

    /// <summary>Milliseconds between SIGTERM and the kill; default its stop rule's.</summary>
    public long? GraceMs { get; init; }
}

/// <summary>It is being restarted.</summary>
/// <param name="Unit">How it stands.</param>
public sealed record RestartReply(UnitView Unit) : Reply;

/// <summary>
/// An agent says that it cannot cope: with a child that fails, or with its own work. When the agent is supervised
/// itself it is ended with cause <c>escalated</c>, and its own supervisor decides; when nobody is above, the host is
/// told: by the event <c>escalated</c>, a line of the kernel's log, and the webhook of its fleet; that counts as 100
/// events of those that the agent may emit. Agents only.
/// </summary>
public sealed record Escalate : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Escalate;

    /// <summary>Why, in a sentence of at most 1000 characters.</summary>
    public string Reason { get; init; } = "";
}

/// <summary>It is told.</summary>
/// <param name="To">Who decides now: a supervisor's name, or <c>root</c> for the host.</param>
/// <param name="Chain">The causes, first the first.</param>
public sealed record EscalateReply(string To, IReadOnlyList<string> Chain) : Reply;

/// <summary>
/// An agent says that it is ready: those that wait for it are started. Again it is a sign of life for the watchdog. Of
/// no effect for a process that nobody supervises. Agents only.
/// </summary>
public sealed record Ready : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Ready;

    /// <summary>What it is about, at most 200 characters; shown by FLEETSTATUS.</summary>
    public string? Status { get; init; }
}

/// <summary>Heard.</summary>
/// <param name="Supervised">False when nobody supervises the process.</param>
public sealed record ReadyReply(bool Supervised) : Reply
{
    /// <summary>
    /// Milliseconds within which the watchdog expects the next sign of life; absent when it expects none.
    /// </summary>
    public long? HeartbeatMs { get; init; }

    /// <summary>Which process of its unit it is, from 1.</summary>
    public long Incarnation { get; init; }
}

/// <summary>With events about supervision: what is known of the agent it happened to.</summary>
/// <param name="Unit">How it stands.</param>
public sealed record SupervisionNote(UnitView Unit)
{
    /// <summary>With <c>backing_off</c>: milliseconds until the next start.</summary>
    public long? DelayMs { get; init; }

    /// <summary>With <c>backing_off</c>: what the delay was drawn below.</summary>
    public long? BoundMs { get; init; }

    /// <summary>With <c>escalated</c>: the causes, first the first.</summary>
    public IReadOnlyList<string>? Chain { get; init; }

    /// <summary>With <c>escalated</c>: the last lines that the first of them wrote.</summary>
    public IReadOnlyList<string>? Log { get; init; }

    /// <summary>With <c>escalated</c>: who is told, a supervisor's name or <c>root</c>.</summary>
    public string? To { get; init; }

    /// <summary>With <c>deadlock</c>: who waits for whom, in a circle.</summary>
    public IReadOnlyList<string>? Circle { get; init; }
}
