using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Runners;

/// <summary>What STATUS shows and only the daemon knows.</summary>
internal sealed record HostFacts(string Socket, string Cgroups, IReadOnlyList<Guarantee> Guarantees)
{
    public required IReadOnlyList<ModelProvider> Providers { get; init; }

    public required string DefaultModel { get; init; }
}

/// <summary>Fills in STATUS.</summary>
internal sealed class StatusRunner(
    HostFacts facts, Func<long> journalSequence, Func<int> connections, Func<(int Created, int Preloaded)> pool)
{
    public StatusReply Complete(StatusReply known)
    {
        var (created, preloaded) = pool();
        return known with
        {
            Pid = Environment.ProcessId,
            Socket = facts.Socket,
            Cgroups = facts.Cgroups,
            Guarantees = facts.Guarantees,
            JournalSequence = journalSequence(),
            Connections = connections(),
            PoolCreated = created,
            PoolPreloaded = preloaded,
            ResidentBytes = Environment.WorkingSet,
            Providers = facts.Providers,
            DefaultModel = facts.DefaultModel,
        };
    }
}
