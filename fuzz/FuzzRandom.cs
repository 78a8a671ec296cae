namespace Analemma.Fuzz;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): small and fast, and each case has a generator of its own from the seed and its
/// number, so that any case can be made again alone.
/// </summary>
internal struct FuzzRandom(ulong seed, ulong number)
{
    private ulong _state = unchecked((seed * 0xD1342543DE82EF95) ^ (number * 0x9E3779B97F4A7C15));

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    public int Below(int bound) => (int)(Next() % (uint)bound);

    public bool OneIn(int n) => Below(n) == 0;

    public T Pick<T>(IReadOnlyList<T> list) => list[Below(list.Count)];
}
