namespace Analemma.Abi.Syscalls;

/// <summary>
/// Sets what a living agent and its descendants may spend in their life, what they have spent included. Host clients
/// only. Calls that were refused stay so; those that are held go on when the agent is resumed.
/// </summary>
public sealed record BudgetSet : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.BudgetSet;

    /// <summary>The new limit in tokens; -1 for none. Default: as it is.</summary>
    public long? Tokens { get; init; }

    /// <summary>The new limit in microdollars; -1 for none. Default: as it is.</summary>
    public long? Microdollars { get; init; }
}

/// <summary>What BUDGETSET answers.</summary>
/// <param name="Process">The agent.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">What it does: paused, it may have been waiting for this.</param>
/// <param name="Budgets">What is limited of it, as it stands now.</param>
public sealed record BudgetSetReply(
    ProcessId Process, string Name, ProcessState State, IReadOnlyList<BudgetUse> Budgets) : Reply
{
    /// <summary>Model calls that wait for the agent to be resumed, as its budget was too small.</summary>
    public int Held { get; init; }
}
