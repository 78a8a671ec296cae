namespace Analemma.Kernel.Models;

/// <summary>
/// The kernel's only chance: part of its state, from a seed that came with its options. splitmix64 by Sebastiano Vigna
/// (https://prng.di.unimi.it/splitmix64.c, in the public domain).
/// </summary>
public sealed class KernelRandom(long seed)
{
    private ulong _state = unchecked((ulong)seed);

    /// <summary>From 0 to max, both included.</summary>
    public long UpTo(long max) => (long)Math.BigMul(Next(), (ulong)max + 1, out _);

    private ulong Next()
    {
        unchecked
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
