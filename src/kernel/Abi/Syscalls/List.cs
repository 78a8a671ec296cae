namespace Analemma.Abi.Syscalls;

/// <summary>
/// Lists processes, by id: the living, or with <see cref="All"/> also the dead whose records are kept. An agent sees
/// itself and its descendants.
/// </summary>
public sealed record List : Syscall
{
    public override SyscallNumber Number => SyscallNumber.List;

    public bool All { get; init; }
}

public sealed record ListReply(IReadOnlyList<ProcessView> Processes) : Reply;
