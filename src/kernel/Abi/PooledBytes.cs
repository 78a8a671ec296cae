using System.Buffers;

namespace Analemma.Abi;

/// <summary>
/// Bytes that grow in rented memory. The body of a LIST of 500 agents is a third of a megabyte, and one made anew for
/// every call is garbage of the expensive kind: arrays from 85,000 bytes on are collected with the oldest generation.
/// What nobody returns is the collector's, as ever.
/// </summary>
public sealed class PooledBytes : IBufferWriter<byte>
{
    private const int LeastBytes = 256;

    private byte[] _bytes = [];

    /// <summary>How many were written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write, or the end.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The same, to be changed.</summary>
    public Span<byte> Filled => _bytes.AsSpan(0, Length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoomFor(sizeHint);
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoomFor(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <summary>Gives the memory back. By one who knows that nobody writes or reads any more.</summary>
    public void Return()
    {
        var bytes = _bytes;
        (_bytes, Length) = ([], 0);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void MakeRoomFor(int more)
    {
        var needed = Length + Math.Max(more, 1);
        if (needed <= _bytes.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(LeastBytes, _bytes.Length * 2)));
        Written.CopyTo(larger);
        var length = Length;
        Return();
        (_bytes, Length) = (larger, length);
    }
}
