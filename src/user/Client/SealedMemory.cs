using Microsoft.Win32.SafeHandles;

namespace Analemma.Client;

/// <summary>
/// Memory of a fixed size and content, to send with messages instead of a large body, and to receive with them. What is
/// received is the sender's memory itself, read-only. Dispose of it when it is done with.
/// </summary>
public sealed class SealedMemory : IDisposable
{
    internal SealedMemory(SafeFileHandle descriptor, long length) => (Descriptor, Length) = (descriptor, length);

    /// <summary>How many bytes it has.</summary>
    public long Length { get; }

    internal SafeFileHandle Descriptor { get; }

    /// <summary>Memory with a copy of these bytes.</summary>
    /// <param name="bytes">At least one.</param>
    public static SealedMemory Of(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
        var memory = NativeMemory.Create(bytes.Length);
        RandomAccess.Write(memory, bytes, 0);
        NativeMemory.Seal(memory);
        return new SealedMemory(memory, bytes.Length);
    }

    /// <summary>Memory with what a stream has from where it stands to its end.</summary>
    /// <param name="source">Read to its end; at least one byte.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SealedMemory> OfAsync(Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var memory = NativeMemory.Create(0);
        try
        {
            var length = 0L;
            var piece = new byte[1024 * 1024];
            for (int count; (count = await source.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                RandomAccess.Write(memory, piece.AsSpan(0, count), length);
                length += count;
            }

            ArgumentOutOfRangeException.ThrowIfZero(length);
            NativeMemory.Seal(memory);
            return new SealedMemory(memory, length);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes from an offset; how many there were.</summary>
    /// <param name="offset">From the start.</param>
    /// <param name="into">Takes the bytes.</param>
    public int Read(long offset, Span<byte> into) => RandomAccess.Read(Descriptor, into, offset);

    /// <summary>All of it, as a copy.</summary>
    public byte[] ToArray()
    {
        var all = new byte[Length];
        for (var at = 0; at < all.Length;)
        {
            at += Read(at, all.AsSpan(at));
        }

        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();
}

/// <summary>A message, and the memory that came with it; null for one without.</summary>
/// <param name="Message">As RECV gives it.</param>
/// <param name="Memory">The receiver's, to dispose of.</param>
public sealed record ReceivedMail(Abi.Syscalls.MailMessage Message, SealedMemory? Memory);
