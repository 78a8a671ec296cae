using System.Diagnostics.CodeAnalysis;

namespace Analemma.Client;

/// <summary>
/// A syscall that answers in pieces: enumerate it once, then ask for its <see cref="Reply"/>. Nothing is sent before
/// the enumeration begins; ending it early, or cancelling, takes the request back.
/// </summary>
/// <typeparam name="TPiece">What comes while it runs.</typeparam>
/// <typeparam name="TReply">What the kernel says at the end.</typeparam>
[SuppressMessage("Naming", "CA1710", Justification = "It is a stream; a collection it is not.")]
public sealed class SyscallStream<TPiece, TReply> : IAsyncEnumerable<TPiece>
    where TReply : class
{
    private readonly Func<Action<TReply>, CancellationToken, IAsyncEnumerable<TPiece>> _open;
    private TReply? _reply;

    internal SyscallStream(Func<Action<TReply>, CancellationToken, IAsyncEnumerable<TPiece>> open) => _open = open;

    /// <summary>The kernel's answer, once every piece has been read.</summary>
    /// <exception cref="InvalidOperationException">The stream has not been read to its end.</exception>
    public TReply Reply =>
        _reply ?? throw new InvalidOperationException("the answer comes after the last piece; read the stream first");

    /// <summary>Sends the request.</summary>
    /// <param name="cancellationToken">Takes it back.</param>
    public IAsyncEnumerator<TPiece> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        _open(reply => _reply = reply, cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Reads the stream to its end, dropping the pieces.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<TReply> ToEndAsync(CancellationToken cancellationToken = default)
    {
        await foreach (var _ in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
        }

        return Reply;
    }
}

/// <summary>Something a process printed.</summary>
/// <param name="Channel">Which of its two outputs.</param>
/// <param name="Bytes">The bytes, as they came.</param>
public readonly record struct OutputPiece(OutputChannel Channel, ReadOnlyMemory<byte> Bytes);

/// <summary>The two outputs of a process, with their numbers on the wire.</summary>
public enum OutputChannel
{
    /// <summary>Standard output.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,
}
