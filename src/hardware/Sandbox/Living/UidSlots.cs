namespace Analemma.Sandbox.Living;

/// <summary>
/// Hands out the host uids of agents, so that no two living ones share one. Two for each: the agent's, and the one that
/// root inside would have. Kernels on one host are kept apart by their instance's name.
/// </summary>
internal sealed class UidSlots
{
    private const uint SlotsPerKernel = 32_768;

    private readonly Lock _gate = new();
    private readonly HashSet<uint> _taken = [];
    private readonly uint _first;
    private uint _next;

    public UidSlots(uint uidBase, uint uidCount, string instance)
    {
        var kernels = Math.Max(1, uidCount / (2 * SlotsPerKernel));
        uint hash = 2166136261;
        foreach (var letter in instance)
        {
            hash = unchecked((hash ^ letter) * 16777619);
        }

        _first = uidBase + (hash % kernels * 2 * SlotsPerKernel);
    }

    /// <summary>The lower of two uids.</summary>
    public uint Take()
    {
        lock (_gate)
        {
            for (uint tried = 0; tried < SlotsPerKernel; tried++)
            {
                var slot = _next;
                _next = (_next + 1) % SlotsPerKernel;
                if (_taken.Add(slot))
                {
                    return _first + (2 * slot);
                }
            }
        }

        throw new SandboxException($"all {SlotsPerKernel} host uids are in use by living sandboxes");
    }

    /// <summary>
    /// Marks a pair that a re-adopted sandbox has. One from before the range was changed is none of ours to give.
    /// </summary>
    public void Claim(uint uid)
    {
        lock (_gate)
        {
            if (SlotOf(uid) is { } slot)
            {
                _taken.Add(slot);
            }
        }
    }

    public void Release(uint uid)
    {
        lock (_gate)
        {
            if (SlotOf(uid) is { } slot)
            {
                _taken.Remove(slot);
            }
        }
    }

    private uint? SlotOf(uint uid) =>
        uid >= _first && uid - _first < 2 * SlotsPerKernel ? (uid - _first) / 2 : null;
}
