namespace Analemma.Abi.Syscalls;

/// <summary>
/// Ends a process and every process below it: SIGTERM, <see cref="GraceMs"/>, then the whole cgroup. Answers when it
/// has ended. Works on a paused process. An agent may kill only its own descendants and itself.
/// </summary>
public sealed record Kill : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Kill;

    /// <summary>Milliseconds between SIGTERM and the kill, 0 to 300000. Default 2000.</summary>
    public long? GraceMs { get; init; }
}

/// <summary>The process has ended.</summary>
/// <param name="Killed">Always true.</param>
/// <param name="AgentId">Which it was.</param>
public sealed record KillReply(bool Killed, ProcessId AgentId) : Reply
{
    /// <summary>How it ended.</summary>
    public ExitStatus? Exit { get; init; }
}
