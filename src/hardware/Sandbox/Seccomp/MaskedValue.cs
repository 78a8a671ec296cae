namespace Analemma.Sandbox.Seccomp;

/// <summary>
/// The set of all words that agree with <see cref="Value"/> in the bits of <see cref="Mask"/>: the only comparison
/// that is exact for a 32-bit argument, of which the kernel ignores the upper half and an attacker may choose it.
/// </summary>
public readonly record struct MaskedValue(ulong Mask, ulong Value)
{
    /// <summary>
    /// The words that, seen through the mask, are none of the values, as disjoint sets. A filter has no "else" for
    /// argument conditions, so the rest is spelled out: bit by bit, keeping each half without an excluded value whole.
    /// </summary>
    public static IReadOnlyList<MaskedValue> AllBut(ulong mask, IReadOnlyList<ulong> excluded)
    {
        List<MaskedValue> cover = [];
        AddRest(mask, new MaskedValue(0, 0), [.. excluded.Distinct()], cover);
        return cover;
    }

    public bool Contains(ulong word) => (word & Mask) == Value;

    private static void AddRest(ulong mask, MaskedValue part, IReadOnlyList<ulong> excluded, List<MaskedValue> cover)
    {
        if (excluded.Count == 0)
        {
            cover.Add(part);
            return;
        }

        var free = mask & ~part.Mask;
        if (free == 0)
        {
            return;
        }

        var bit = 1UL << (63 - System.Numerics.BitOperations.LeadingZeroCount(free));
        foreach (var half in (ulong[])[0, bit])
        {
            var next = new MaskedValue(part.Mask | bit, part.Value | half);
            AddRest(mask, next, [.. excluded.Where(value => (value & bit) == half)], cover);
        }
    }
}
