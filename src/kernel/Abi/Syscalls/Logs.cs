namespace Analemma.Abi.Syscalls;

/// <summary>
/// Streams a process's captured output as RAW frames with MORE, each a byte 1 (stdout) or 2 (stderr) and then the
/// bytes. With <see cref="Follow"/> it goes on until the process has ended or the request is cancelled.
/// </summary>
public sealed record Logs : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Logs;

    /// <summary>Go on until the process has ended.</summary>
    public bool Follow { get; init; }

    /// <summary>Start this many lines before the end; default from the beginning of what is kept.</summary>
    public int? Tail { get; init; }
}

/// <summary>Bytes sent, and bytes that the log limit had dropped before they could be.</summary>
public sealed record LogsReply(long Bytes, long Dropped) : Reply;
