using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analemma.Models.Simulated;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every version of .NET.</summary>
internal sealed class SimulatedRandom(ulong seed)
{
    private ulong _state = seed;

    public static SimulatedRandom For(ulong seed, string request)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(request));
        return new SimulatedRandom(seed ^ BinaryPrimitives.ReadUInt64LittleEndian(hash));
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    private ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
