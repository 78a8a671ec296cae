using System.Numerics;

namespace Analemma.Simulator;

// xoshiro256** by David Blackman and Sebastiano Vigna, seeded by splitmix64 as they advise
// (https://prng.di.unimi.it/xoshiro256starstar.c and splitmix64.c, both in the public domain). Ours, and not the
// runtime's, so that a seed means the same world on every version of .NET.

/// <summary>The one source of chance in a simulated world.</summary>
public sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public SeededRandom(long seed)
    {
        var state = unchecked((ulong)seed);
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    public ulong NextBits()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
            var t = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= t;
            _s3 = BitOperations.RotateLeft(_s3, 45);
            return result;
        }
    }

    /// <summary>From min to max, both included. The bias of the high multiply is below 2^-32 for our ranges.</summary>
    public long Between(long min, long max) =>
        min + (long)Math.BigMul(NextBits(), (ulong)(max - min + 1), out _);

    public int Below(int count) => (int)Between(0, count - 1);

    /// <summary>True that many times in ten thousand.</summary>
    public bool Chance(int perTenThousand) => Below(10_000) < perTenThousand;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A duration that is mostly near the minimum and now and then near the maximum.</summary>
    public TimeSpan Delay(long minUs, long maxUs)
    {
        var span = maxUs - minUs;
        var shrink = Between(0, 7);
        return TimeSpan.FromMicroseconds(minUs + Between(0, Math.Max(0, span >> (int)shrink)));
    }

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
