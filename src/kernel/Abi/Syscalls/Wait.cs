namespace Analemma.Abi.Syscalls;

/// <summary>Answers with the process's last record when it has ended, at once if it has already.</summary>
public sealed record Wait : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Wait;

    /// <summary>Milliseconds after which the answer is <c>timed_out</c>. Default: no limit.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>Answers with one process's record, living or dead.</summary>
public sealed record Inspect : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Inspect;
}
