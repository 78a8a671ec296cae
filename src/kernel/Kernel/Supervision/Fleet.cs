using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>One declared fleet. Durable, but for what follows from the declaration.</summary>
public sealed class Fleet
{
    private Dictionary<string, int>? _ranks;
    private Dictionary<string, List<string>>? _dependents;

    public required string Name { get; init; }

    public long Revision { get; set; }

    /// <summary>It is being stopped, and forgotten when its last unit is.</summary>
    public bool IsLeaving { get; set; }

    public IReadOnlyList<FleetAgent> Agents
    {
        get;
        set
        {
            field = value ?? [];
            _ranks = null;
            _dependents = null;
        }
    }

    = [];

    public IReadOnlyList<FleetMailbox> Mailboxes { get; set => field = value ?? []; } = [];

    /// <summary>The root first, then as declared.</summary>
    public List<SupervisorState> Supervisors { get; init => field = value ?? []; } = [];

    /// <summary>Units that are still to be restarted one by one, the one at work first.</summary>
    public List<long> Rolling { get; init => field = value ?? []; } = [];

    /// <summary>Why they are restarted.</summary>
    public string RollingReason { get; set => field = value ?? ""; } = "";

    /// <summary>An agent's place in the order of starts.</summary>
    public int RankOf(string agent) => (_ranks ??= Ranks()).GetValueOrDefault(agent, int.MaxValue);

    /// <summary>Agents that wait for this one.</summary>
    public IReadOnlyList<string> DependentsOf(string agent) =>
        (_dependents ??= Dependents()).TryGetValue(agent, out var names) ? names : [];

    public SupervisorState Supervisor(string name) => Supervisors.First(supervisor => supervisor.Name == name);

    /// <summary>True when a supervisor is that one, or anywhere below it.</summary>
    public bool IsWithin(string supervisor, string above)
    {
        for (var at = supervisor; at.Length > 0; at = Supervisor(at).Parent)
        {
            if (at == above)
            {
                return true;
            }
        }

        return false;
    }

    private Dictionary<string, int> Ranks() => FleetOrder.Sort(Agents).Order
        .Select((agent, rank) => (agent.Name, rank))
        .ToDictionary(pair => pair.Name, pair => pair.rank, StringComparer.Ordinal);

    private Dictionary<string, List<string>> Dependents()
    {
        Dictionary<string, List<string>> all = new(StringComparer.Ordinal);
        foreach (var agent in Agents)
        {
            foreach (var before in agent.After ?? [])
            {
                if (!all.TryGetValue(before, out var list))
                {
                    all.Add(before, list = []);
                }

                list.Add(agent.Name);
            }
        }

        return all;
    }
}
