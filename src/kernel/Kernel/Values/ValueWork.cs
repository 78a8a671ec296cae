using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Values;

/// <summary>Values whose bodies are on their way to disk, before the event that names them. Volatile.</summary>
public sealed class ValueWork
{
    /// <summary>Numbers of bodies that one kernel start can give.</summary>
    private const int BootShift = 32;

    private readonly Dictionary<CallId, ValueStored> _writes = [];
    private readonly Dictionary<ProcessId, int> _byAgent = [];
    private long _nextBody;

    public int Count => _writes.Count;

    /// <summary>For when a timer is armed; null for none.</summary>
    internal long? ArmedAt { get; set; }

    public int CountOf(ProcessId process) => _byAgent.GetValueOrDefault(process);

    internal void Begin(ValueStored write)
    {
        _writes.Add(write.Call, write);
        _byAgent[write.Process] = CountOf(write.Process) + 1;
    }

    internal ValueStored? End(CallId call)
    {
        if (!_writes.Remove(call, out var write))
        {
            return null;
        }

        var left = CountOf(write.Process) - 1;
        if (left == 0)
        {
            _byAgent.Remove(write.Process);
        }
        else
        {
            _byAgent[write.Process] = left;
        }

        return write;
    }

    /// <summary>A number never given before: a start of the kernel has a range of its own.</summary>
    internal long TakeBody(long boot)
    {
        Invariant.Holds(_nextBody < 1L << BootShift, "four thousand million values since the kernel started");
        return (boot << BootShift) + _nextBody++;
    }

    internal void Clear()
    {
        _writes.Clear();
        _byAgent.Clear();
        _nextBody = 0;
        ArmedAt = null;
    }
}
