namespace Analemma.Abi.Syscalls;

/// <summary>
/// Tells how the models stand: who runs them, who waits, who used what. An agent sees its own row alone, which its
/// descendants share.
/// </summary>
public sealed record Llm : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Llm;

    /// <summary>True: also agents that have ended and whose records are kept.</summary>
    public bool All { get; init; }
}

/// <summary>The models now.</summary>
/// <param name="Providers">In the order of the configuration.</param>
/// <param name="Agents">By id; process 0 is the clients on the host together.</param>
public sealed record LlmReply(IReadOnlyList<ProviderLoad> Providers, IReadOnlyList<ModelUse> Agents) : Reply
{
    /// <summary>What all together used since midnight UTC; for clients on the host.</summary>
    public ModelUsage? Today { get; init; }

    /// <summary>What they may, if that is limited.</summary>
    public ModelBudget? DayBudget { get; init; }

    /// <summary>Models and aliases whose slow calls get a second attempt, for the host. Absent: none.</summary>
    public IReadOnlyList<HedgeUse>? Hedges { get; init; }

    /// <summary>Every budget that is limited: the day's, groups', agents'. For an agent its own.</summary>
    public IReadOnlyList<BudgetUse> Budgets { get; init => field = value ?? []; } = [];
}

/// <summary>How the hedges of a model or alias fare. Counts begin anew with each start of the kernel.</summary>
public sealed record HedgeUse(string Model)
{
    /// <summary>How long an attempt may take alone; null: as long as 95 of 100 before it did.</summary>
    public long? DelayMs { get; init; }

    /// <summary>The most hedges for a hundred attempts.</summary>
    public int PercentMax { get; init; }

    /// <summary>Attempts that might have been hedged.</summary>
    public long Attempts { get; init; }

    /// <summary>Of them, those that got a second beside them.</summary>
    public long Hedges { get; init; }

    /// <summary>Hedges whose answer was the call's.</summary>
    public long Won { get; init; }

    /// <summary>Attempts that were slow and got none: for want of share, slot, limit or budget.</summary>
    public long HeldBack { get; init; }
}

/// <summary>How a budget stands.</summary>
/// <param name="Scope"><c>day</c>, <c>group</c> or <c>agent</c>.</param>
/// <param name="Of">The group's or agent's name; empty for the day.</param>
/// <param name="Unit"><c>tokens</c> or <c>microdollars</c>.</param>
/// <param name="Limit">What may be spent: in a day, or in the life of the others.</param>
public sealed record BudgetUse(string Scope, string Of, string Unit, long Limit)
{
    /// <summary>What calls have come to.</summary>
    public long Spent { get; init; }

    /// <summary>
    /// The part of it that the end of a kernel left unknown, and that was charged as the most that it can be. Null for
    /// nothing.
    /// </summary>
    public long? Presumed { get; init; }

    /// <summary>The most that calls which are not over can come to.</summary>
    public long Reserved { get; init; }

    /// <summary>What another call may still reserve.</summary>
    public long Left { get; init; }
}

/// <summary>One provider's slots and queue.</summary>
public sealed record ProviderLoad(string Name)
{
    /// <summary>Its models.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Its answers are made up.</summary>
    public bool Simulated { get; init; }

    /// <summary>Calls in flight at once.</summary>
    public int Slots { get; init; }

    /// <summary>Calls under way.</summary>
    public int Running { get; init; }

    /// <summary>Calls that wait for their turn.</summary>
    public int Waiting { get; init; }

    /// <summary>How long one more call would wait, about.</summary>
    public long WaitMs { get; init; }
}

/// <summary>What an agent and its descendants use. Counts of calls begin anew with each start of the kernel.</summary>
public sealed record ModelUse(ProcessId Process, string Name)
{
    /// <summary>Its state; absent for the host.</summary>
    public ProcessState? State { get; init; }

    /// <summary>Its group.</summary>
    public string Group { get; init; } = "";

    /// <summary>Its class.</summary>
    public ModelPriority Priority { get; init; } = ModelPriority.Normal;

    /// <summary>What it may have within its group, against the weights of others.</summary>
    public int Weight { get; init; }

    /// <summary>What it has had: weighted tokens, by which the queue shares out turns.</summary>
    public long Service { get; init; }

    /// <summary>Its part of all service, 0 to 1.</summary>
    public double Share { get; init; }

    /// <summary>Calls that are settled, and what they used.</summary>
    public long Calls { get; init; }

    /// <summary>Tokens and money of these calls.</summary>
    public ModelUsage Usage { get; init; } = new();

    /// <summary>Calls under way.</summary>
    public int Running { get; init; }

    /// <summary>Calls that wait for their turn, or for their agent to be resumed.</summary>
    public int Waiting { get; init; }

    /// <summary>Calls that did not get their turn at once.</summary>
    public long Throttled { get; init; }

    /// <summary>Calls that a budget, a limit or a full queue refused.</summary>
    public long Refused { get; init; }

    /// <summary>Of the latest 256 calls, half waited no longer for their turn.</summary>
    public long WaitP50Ms { get; init; }

    /// <summary>Of the latest 256 calls, 95 in 100 waited no longer.</summary>
    public long WaitP95Ms { get; init; }

    /// <summary>Of the latest 256 answered calls, half took no longer from request to answer.</summary>
    public long LatencyP50Ms { get; init; }

    /// <summary>Of the latest 256 answered calls, 95 in 100 took no longer.</summary>
    public long LatencyP95Ms { get; init; }

    /// <summary>What it may use in its life, if that is limited.</summary>
    public ModelBudget? Budget { get; init; }
}
