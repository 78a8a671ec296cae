using Analemma.Abi.Syscalls;

namespace Analemma.Kernel;

/// <summary>Counts for metrics what only the kernel decides. Bounded: kinds of denials come from the sandbox.</summary>
public sealed class KernelTally
{
    private const int KindsMax = 32;
    private const string OtherKinds = "other";

    private readonly long[] _exits = new long[Enum.GetValues<ExitCause>().Length];
    private readonly SortedDictionary<string, long> _denials = new(StringComparer.Ordinal);

    public long Spawns { get; private set; }

    /// <summary>Host processes that the host killed inside sandboxes for want of memory.</summary>
    public long OomKills { get; private set; }

    public long Exits(ExitCause cause) => _exits[(int)cause];

    public IReadOnlyDictionary<string, long> Denials => _denials;

    internal void Spawned() => Spawns++;

    internal void Ended(ExitCause cause, long oomKills)
    {
        _exits[(int)cause]++;
        OomKills += oomKills;
    }

    internal void Denied(string kind, long count)
    {
        var counted = _denials.Count < KindsMax || _denials.ContainsKey(kind) ? kind : OtherKinds;
        _denials[counted] = _denials.GetValueOrDefault(counted) + count;
    }
}
