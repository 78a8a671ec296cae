namespace Analemma.Abi.Syscalls;

/// <summary>
/// Sets what a living agent and its descendants may spend in their life, what they have spent included; or a group in
/// its life, or all in a day: these hold over restarts of the kernel, in place of what the settings say, until they are
/// reset. Host clients only. Calls that were refused stay so; those that are held go on when the agent is resumed.
/// </summary>
public sealed record BudgetSet : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.BudgetSet;

    /// <summary>In place of an agent: a group of the settings, by name.</summary>
    public string? Group { get; init; }

    /// <summary>In place of an agent: the budget of every day (UTC).</summary>
    public bool Day { get; init; }

    /// <summary>Back to what the spawn or the settings say; without limits.</summary>
    public bool Reset { get; init; }

    /// <summary>The new limit in tokens; -1 for none. Default: as it is.</summary>
    public long? Tokens { get; init; }

    /// <summary>The new limit in microdollars; -1 for none. Default: as it is.</summary>
    public long? Microdollars { get; init; }
}

/// <summary>What BUDGETSET answers.</summary>
/// <param name="Process">The agent; 0 for a group and for the day.</param>
/// <param name="Name">Its name, the group's, or <c>day</c>.</param>
/// <param name="State">What the agent does: paused, it may have been waiting for this.</param>
/// <param name="Budgets">What is limited of it, as it stands now.</param>
public sealed record BudgetSetReply(
    ProcessId Process, string Name, ProcessState? State, IReadOnlyList<BudgetUse> Budgets) : Reply
{
    /// <summary>Model calls that wait for an agent to be resumed, as a budget was too small.</summary>
    public int Held { get; init; }
}
