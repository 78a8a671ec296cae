using System.Buffers.Binary;

namespace Analemma.Journal;

/// <summary>A SHA-256 digest as a value: 32 bytes that compare and print.</summary>
public readonly record struct ChainHash(ulong A, ulong B, ulong C, ulong D)
{
    public const int Size = 32;

    /// <summary>What the first record of a journal follows.</summary>
    public static ChainHash Zero => default;

    /// <summary>False if the source is not 32 bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ChainHash hash)
    {
        hash = default;
        if (source.Length != Size)
        {
            return false;
        }

        hash = new ChainHash(
            BinaryPrimitives.ReadUInt64BigEndian(source),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[24..]));
        return true;
    }

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, A);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], D);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    /// <summary>The 64 digits that <c>sha256sum</c> would print.</summary>
    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";
}
