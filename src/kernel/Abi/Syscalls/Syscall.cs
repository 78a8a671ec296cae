namespace Analemma.Abi.Syscalls;

/// <summary>
/// A request from a process, or from a client on the host, to the kernel. One sealed record per syscall, each in the
/// file of its name, whose properties are the JSON payload in snake case. Unknown fields are skipped.
/// </summary>
public abstract record Syscall
{
    /// <summary>Its frozen number.</summary>
    public abstract SyscallNumber Number { get; }
}

/// <summary>What a syscall answers: the JSON payload of its last response frame.</summary>
public abstract record Reply;

/// <summary>
/// A syscall about one process, which is named by id or by name; an agent that names none means itself.
/// </summary>
public abstract record TargetedSyscall : Syscall
{
    /// <summary>The process, by id.</summary>
    public ProcessId? Id { get; init; }

    /// <summary>
    /// The living process of that name; where the syscall allows the dead, else the latest of that name.
    /// </summary>
    public string? Name { get; init; }
}
