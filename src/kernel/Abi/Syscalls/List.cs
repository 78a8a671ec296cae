namespace Analemma.Abi.Syscalls;

/// <summary>
/// Lists processes, by id: the living, or with <see cref="All"/> also the dead whose records are kept. An agent sees
/// itself and its descendants.
/// </summary>
public sealed record List : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.List;

    /// <summary>Also the dead whose records are kept.</summary>
    public bool All { get; init; }
}

/// <summary>Processes by id.</summary>
/// <param name="Processes">Those that the caller may see.</param>
public sealed record ListReply(IReadOnlyList<ProcessView> Processes) : Reply;
