using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Network;

/// <summary>Requests and tunnels that are under way. Volatile: they end with their kernel.</summary>
public sealed class HttpCalls
{
    private readonly Dictionary<CallId, Caller> _byCall = [];
    private readonly CallShares _shares =
        new(Limits.HttpCallsMax, Limits.HttpCallsMax, Limits.HttpCallsPerAgentMax);

    public int Count => _byCall.Count;

    internal SysError? NoRoom(Caller caller) => _shares.NoRoom(caller, "requests are under way");

    internal bool IsWaiting(ProcessId caller) => _shares.Has(caller);

    internal void Add(CallId call, Caller caller)
    {
        _byCall.Add(call, caller);
        _shares.Add(caller);
    }

    internal void Remove(CallId call)
    {
        if (_byCall.Remove(call, out var caller))
        {
            _shares.Remove(caller);
        }
    }

    internal void Clear()
    {
        _byCall.Clear();
        _shares.Clear();
    }
}
