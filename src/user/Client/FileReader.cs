using System.Runtime.CompilerServices;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>
/// Reads a file slice by slice, each asked for when the one before has been taken: a slow reader of a large file fills
/// no memory and holds back no other call.
/// </summary>
internal static class FileReader
{
    private const long SliceBytes = 4 * 1024 * 1024;

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        KernelConnection connection,
        Read read,
        Action<ReadReply> onReply,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long total = 0;
        while (true)
        {
            var wanted = Math.Min(SliceBytes, read.Length - total ?? SliceBytes);
            ReadReply? reply = null;
            var slice = Exchange.StreamAsync(
                connection,
                read with { Offset = read.Offset + total, Length = wanted },
                AbiJsonContext.Default.Read,
                int.MaxValue,
                AbiJsonContext.Default.ReadReply,
                end => reply = end,
                cancellationToken);
            await foreach (var (_, bytes) in slice.ConfigureAwait(false))
            {
                total += bytes.Length;
                yield return bytes;
            }

            if (reply!.BytesRead < wanted || total == read.Length)
            {
                onReply(reply with { BytesRead = total });
                yield break;
            }
        }
    }
}
