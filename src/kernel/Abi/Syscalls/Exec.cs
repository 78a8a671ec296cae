namespace Analemma.Abi.Syscalls;

/// <summary>
/// Runs a command inside a process's own sandbox, never in the kernel. In native framing its output comes as RAW frames
/// with MORE, each a byte 1 (stdout) or 2 (stderr) and then the bytes.
/// </summary>
public sealed record Exec : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Exec;

    /// <summary>A line for /bin/sh -c. Exactly one of this and <see cref="Argv"/>.</summary>
    public string? Command { get; init; }

    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string>? Argv { get; init; }

    /// <summary>Default /work.</summary>
    public string? Cwd { get; init; }

    /// <summary>Environment variables beside those of the agent.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>Milliseconds; then the command is killed and <c>timed_out</c> set. Default 30000.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>How the command ended. A signal shows as exit code 128 + signal, as in a shell.</summary>
public sealed record ExecReply(int ExitCode) : Reply
{
    /// <summary>True when it was killed at its time limit.</summary>
    public bool TimedOut { get; init; }

    /// <summary>True when output beyond 16 MiB was dropped.</summary>
    public bool Truncated { get; init; }
}
