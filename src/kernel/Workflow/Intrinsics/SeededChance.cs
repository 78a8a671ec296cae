using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analemma.Workflow.Intrinsics;

/// <summary>Randomness from a seed and a count: what was drawn is drawn again when the count is the same.</summary>
public sealed class SeededChance(string seed) : IChance
{
    /// <summary>Draws so far.</summary>
    public long Count { get; set; }

    public UInt128 Next() => Draw(seed, ++Count);

    /// <summary>What a named thing draws, independent of all others.</summary>
    public static UInt128 Draw(string seed, long count)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}/{count}")), hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    internal static UInt128 Once(long seed) => Draw(FormattableString.Invariant($"once {seed}"), 0);
}
