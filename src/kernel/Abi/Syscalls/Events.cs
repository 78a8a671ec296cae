using System.Text.Json;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Takes events: those after <see cref="EventSelection.From"/>, or else those that came since the caller's standing
/// subscription last did. Waits for one when there is none and <see cref="TimeoutMs"/> says so. Refused with
/// <c>wrong_state</c> when neither says where to begin.
/// </summary>
public sealed record PollEvents : EventSelection
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PollEvents;

    /// <summary>At most so many; default 100, at most 1000. Fewer when they are large.</summary>
    public int? Max { get; init; }

    /// <summary>How long to wait for the first; default 0: not at all. At most a minute.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>What came, the oldest first; with <c>missed</c> first when there is something that is not kept.</summary>
/// <param name="Events">None when the time has passed.</param>
/// <param name="Cursor">Where to go on.</param>
public sealed record PollEventsReply(IReadOnlyList<EventView> Events, string Cursor) : Reply;

/// <summary>Ends the caller's standing subscription, or takes types out of it.</summary>
public sealed record Unsubscribe : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Unsubscribe;

    /// <summary>The patterns to take out, as they were given; default all.</summary>
    public IReadOnlyList<string>? Types { get; init; }
}

/// <summary>What is left of the standing subscription; none when it is gone.</summary>
public sealed record UnsubscribeReply(IReadOnlyList<string> Subscribed) : Reply;

/// <summary>
/// Tells those who may see it that something happened. The event's type is <c>NAME/TYPE</c>, the name being the
/// emitter's, or <c>_host</c> for a client on the host, so that nobody can speak for another or for the kernel. Refused
/// with <c>try_again</c> beyond 100 a second and 500 at once.
/// </summary>
public sealed record Emit : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Emit;

    /// <summary>1 to 64 of small letters, digits and . _ - inside.</summary>
    public string Type { get; init; } = "";

    /// <summary>Any JSON, at most 4096 bytes.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>
    /// <c>family</c> (default): the emitter, those above it, and clients on the host. <c>everyone</c>: every agent.
    /// </summary>
    public string? To { get; init; }

    /// <summary>
    /// Default false: kept in memory, for a while. True puts it in the journal before this answers, and counts as
    /// fifty.
    /// </summary>
    public bool? Durable { get; init; }
}

/// <summary>The event as it is told.</summary>
/// <param name="Type">Its whole type.</param>
/// <param name="Cursor">Its place.</param>
public sealed record EmitReply(string Type, string Cursor) : Reply;
