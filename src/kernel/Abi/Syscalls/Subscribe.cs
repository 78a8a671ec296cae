namespace Analemma.Abi.Syscalls;

/// <summary>
/// Streams events as JSON frames with MORE until cancelled. A subscriber that does not keep up is told how many it
/// missed, and never slows the kernel. An agent sees the events of itself and its descendants.
/// </summary>
public sealed record Subscribe : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Subscribe;

    /// <summary>Only these types; default all.</summary>
    public IReadOnlyList<string>? Types { get; init; }
}

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
}
