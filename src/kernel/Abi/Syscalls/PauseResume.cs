namespace Analemma.Abi.Syscalls;

/// <summary>
/// Freezes a process with all its host processes: nothing of it runs until RESUME. <c>wrong_state</c> unless running.
/// </summary>
public sealed record Pause : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Pause;
}

/// <summary>Lets a paused process go on. <c>wrong_state</c> unless paused.</summary>
public sealed record Resume : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Resume;
}

/// <summary>The state that the process is in now.</summary>
public sealed record PauseReply(ProcessId AgentId, ProcessState State) : Reply;
