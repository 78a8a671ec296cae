namespace Analemma.Abi.Syscalls;

/// <summary>
/// What an agent may do beyond itself, with SPAWN: lists of patterns, in which <c>*</c> stands for any text. An absent
/// list is as its parent's; for an agent of the host as said with each. An agent can give what it has itself, and
/// nobody below it ever has more. What it may reach of the network and which tools it may call are <c>network</c> and
/// <c>tools</c> of SPAWN.
/// </summary>
public sealed record Permissions
{
    /// <summary>
    /// Agents and mailboxes that it may send to, by name; <c>_family</c> (default) for those above and below it and
    /// beside it, and for mailboxes that are there for all.
    /// </summary>
    public IReadOnlyList<string>? Send { get; init; }

    /// <summary>Names that those may have which it spawns; default all. Empty: it spawns nobody.</summary>
    public IReadOnlyList<string>? Spawn { get; init; }

    /// <summary>
    /// Agents that it may kill, pause, resume, restart and watch, by name; <c>_family</c> (default) for those that it
    /// spawned and those below them. Itself it always may, here and with the two that follow.
    /// </summary>
    public IReadOnlyList<string>? Kill { get; init; }

    /// <summary>
    /// Agents that it may see, await, hear of, and read output, files and conversations of; as <c>kill</c>.
    /// </summary>
    public IReadOnlyList<string>? Read { get; init; }

    /// <summary>Agents in which it may run commands and write files; as <c>kill</c>.</summary>
    public IReadOnlyList<string>? Exec { get; init; }

    /// <summary>Models that it may think with, by name or alias; default all.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>
    /// Keys of the store that it may read, as <c>scope/key</c>; default <c>agent/*</c> and <c>group/*</c>.
    /// </summary>
    public IReadOnlyList<string>? StoreRead { get; init; }

    /// <summary>Keys of the store that it may write, likewise.</summary>
    public IReadOnlyList<string>? StoreWrite { get; init; }

    /// <summary>Types of events that it may emit; default all that agents may.</summary>
    public IReadOnlyList<string>? Emit { get; init; }

    /// <summary>
    /// The group whose part of the store it shares; default its family. Host clients only, and not to be changed.
    /// </summary>
    public string? Group { get; init; }
}

/// <summary>Tells what an agent may: the caller, or one whom the caller may see.</summary>
public sealed record GetPerms : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.GetPerms;
}

/// <summary>
/// Changes what an agent may. A client on the host may give it anything that its parent has; an agent may only take
/// from itself and from those below it, and gets <c>permission_denied</c> for more than there is.
/// </summary>
public sealed record SetPerms : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.SetPerms;

    /// <summary>Lists to take the place of those that it has; absent ones stay.</summary>
    public Permissions? Permissions { get; init; }
}

/// <summary>What an agent may, every list decided.</summary>
/// <param name="Id">The agent.</param>
/// <param name="Name">Its name.</param>
/// <param name="Permissions">Its lists, within those of all above it.</param>
public sealed record PermsReply(ProcessId Id, string Name, Permissions Permissions) : Reply
{
    /// <summary>Tools of the kernel that it may call.</summary>
    public IReadOnlyList<string> Tools { get; init => field = value ?? []; } = [];

    /// <summary>What it may reach of the network, a line a rule, as in INSPECT.</summary>
    public IReadOnlyList<string> Network { get; init => field = value ?? []; } = [];

    /// <summary>What it and its descendants may spend on models; absent for no limit.</summary>
    public ModelBudget? Budget { get; init; }

    /// <summary>What they have spent.</summary>
    public ModelUsage? Used { get; init; }

    /// <summary>Model calls that they made.</summary>
    public long Calls { get; init; }
}
