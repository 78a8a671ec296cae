namespace Analemma.Abi.Syscalls;

/// <summary>
/// Ends a process and every process below it: SIGTERM, <see cref="GraceMs"/>, then the whole cgroup. Answers when it
/// has ended. Works on a paused process. An agent may kill only its own descendants and itself.
/// </summary>
public sealed record Kill : TargetedSyscall
{
    public override SyscallNumber Number => SyscallNumber.Kill;

    /// <summary>Milliseconds between SIGTERM and the kill, 0 to 300000. Default 2000.</summary>
    public long? GraceMs { get; init; }
}

public sealed record KillReply(bool Killed, ProcessId AgentId) : Reply
{
    public ExitStatus? Exit { get; init; }
}
