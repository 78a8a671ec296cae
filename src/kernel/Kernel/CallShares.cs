using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel;

/// <summary>Counts calls against three bounds: of all callers, of all agents, and of each agent.</summary>
internal sealed class CallShares(int most, int mostOfAgents, int mostPerAgent)
{
    private readonly Dictionary<ProcessId, int> _byAgent = [];
    private int _ofAgents;

    public int Count { get; private set; }

    /// <summary>Why the caller may have no more, or null. Whatever agents do, the rest is the host's.</summary>
    public SysError? NoRoom(Caller caller, string what)
    {
        if (!caller.IsHost && _byAgent.GetValueOrDefault(caller.Process) >= mostPerAgent)
        {
            return Refusal($"{mostPerAgent} {what} for this agent already");
        }

        if (!caller.IsHost && _ofAgents >= mostOfAgents)
        {
            return Refusal($"{mostOfAgents} {what} for agents already");
        }

        return Count >= most ? Refusal($"{most} {what} already") : null;
    }

    public bool Has(ProcessId agent) => _byAgent.ContainsKey(agent);

    public void Add(Caller caller)
    {
        Count++;
        if (!caller.IsHost)
        {
            _ofAgents++;
            _byAgent[caller.Process] = _byAgent.GetValueOrDefault(caller.Process) + 1;
        }
    }

    public void Remove(Caller caller)
    {
        Count--;
        if (caller.IsHost)
        {
            return;
        }

        _ofAgents--;
        if (--_byAgent[caller.Process] == 0)
        {
            _byAgent.Remove(caller.Process);
        }
    }

    public void Clear()
    {
        Count = _ofAgents = 0;
        _byAgent.Clear();
    }

    private static SysError Refusal(string message) =>
        new(SysErrorCode.TryAgain, message, "have fewer at once, and close those that are done");
}
