using System.Text.Json;

namespace Analemma.Abi.Syscalls;

/// <summary>Which events somebody wants. Every condition that is given must hold.</summary>
public abstract record EventSelection : Syscall
{
    /// <summary>
    /// Only these types; default all. In a pattern <c>*</c> stands for any text: <c>tool-*</c>, <c>parser/*</c>.
    /// </summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>Only events about this process: its name, or its id in digits.</summary>
    public string? Agent { get; init; }

    /// <summary>
    /// Only events whose fields have these values, as text: <c>kind</c>, <c>what</c>, <c>reason</c>, <c>name</c>,
    /// <c>exit.cause</c>, <c>exit.code</c>, <c>exit.signal</c>, and <c>data</c> or a path in it such as
    /// <c>data.stage</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Where { get; init; }

    /// <summary>
    /// Where to begin: the cursor of an event, which is not sent again; <c>oldest</c> for all that is kept; <c>now</c>.
    /// </summary>
    public string? From { get; init; }
}

/// <summary>
/// Streams events as JSON frames with MORE until cancelled: those after <see cref="EventSelection.From"/> that are
/// kept, and from then on as they happen. A subscriber that does not keep up is sent what is kept once it does, and
/// is told how many it missed that are not; it never slows the kernel. An agent sees the events of itself and its
/// descendants, and those that an agent sends to everyone. With <see cref="Stream"/> false answers at once: POLL_EVENTS
/// then takes what came since.
/// </summary>
public sealed record Subscribe : EventSelection
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Subscribe;

    /// <summary>
    /// Default true. False adds the types to the caller's standing subscription, which POLL_EVENTS without
    /// <c>from</c> reads and UNSUBSCRIBE ends; the other conditions replace those that it had. It is gone with the
    /// process, and with the kernel.
    /// </summary>
    public bool? Stream { get; init; }
}

/// <summary>The standing subscription as it is now.</summary>
/// <param name="Subscribed">The patterns of types; <c>*</c> for all.</param>
/// <param name="Cursor">Where POLL_EVENTS goes on.</param>
public sealed record SubscribeReply(IReadOnlyList<string> Subscribed, string Cursor) : Reply;

/// <summary>One thing that happened, for people and programs that watch.</summary>
public sealed record EventView(string Type, DateTimeOffset At) : Reply
{
    /// <summary>Whom it is about.</summary>
    public ProcessId? Process { get; init; }

    /// <summary>That process's name.</summary>
    public string? Name { get; init; }

    /// <summary>With <c>denied</c>: <c>filesystem</c>, <c>network</c>, <c>process</c> or <c>kernel</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>What was attempted, such as <c>open /etc/shadow for reading</c>.</summary>
    public string? What { get; init; }

    /// <summary>Why it was denied and what to do instead, so that a model can act on it.</summary>
    public string? Reason { get; init; }

    /// <summary>With <c>exited</c>, how it ended.</summary>
    public ExitStatus? Exit { get; init; }

    /// <summary>With <c>missed</c>, how many events; with <c>denied</c>, how many alike since the last one.</summary>
    public long? Count { get; init; }

    /// <summary>With <c>supervision</c>, <c>escalated</c> and <c>deadlock</c>: what is known of it.</summary>
    public SupervisionNote? Supervision { get; init; }

    /// <summary>What an agent said with EMIT.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>
    /// Its place among all events, to go on from. One without a dot outlives the kernel; one with a dot belongs to an
    /// event that is kept in memory alone. Absent from <c>missed</c>.
    /// </summary>
    public string? Cursor { get; init; }

    /// <summary>With <c>missed</c>: the events after this cursor are those that may be missing.</summary>
    public string? After { get; init; }

    /// <summary>With <c>missed</c>: the last that may be missing.</summary>
    public string? Until { get; init; }
}
