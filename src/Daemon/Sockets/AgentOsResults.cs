namespace Analemma.Daemon.Sockets;

/// <summary>
/// The asynchronous requests of one AgentOS connection, until they are polled. Under the session's gate.
/// </summary>
internal sealed class AgentOsResults
{
    private readonly List<AgentOsCall> _calls = [];
    private ulong _lastId;

    public ulong IdFor(ulong? chosen) => chosen ?? unchecked(++_lastId);

    public bool TryAddLocked(AgentOsCall call, int callsMax)
    {
        if (_calls.Count >= callsMax)
        {
            return false;
        }

        _calls.Add(call);
        return true;
    }

    /// <summary>Takes those that have ended, the oldest request first.</summary>
    public List<(ulong AsyncId, byte Opcode, byte[] Payload)> TakeLocked(int resultsMax, ByteBudget budget)
    {
        List<(ulong, byte, byte[])> taken = [];
        for (var i = 0; i < _calls.Count && taken.Count < resultsMax;)
        {
            var call = _calls[i];
            if (call.Answer is null)
            {
                i++;
                continue;
            }

            taken.Add((call.AsyncId!.Value, call.Opcode, call.Answer));
            budget.Give(call.Bytes);
            _calls.RemoveAt(i);
        }

        return taken;
    }

    /// <summary>Ends those that still run, and returns them.</summary>
    public IEnumerable<AgentOsCall> AbandonLocked(ByteBudget budget)
    {
        foreach (var call in _calls)
        {
            budget.Give(call.Bytes);
        }

        return [.. _calls.Where(call => call.EndLocked(null))];
    }
}
