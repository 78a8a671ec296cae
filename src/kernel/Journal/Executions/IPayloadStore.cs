namespace Analemma.Journal.Executions;

/// <summary>Takes bytes piece by piece.</summary>
public delegate void PayloadPieces(ReadOnlySpan<byte> piece);

// PAYLOADS
//
// What is too large for a record is kept here, named by the SHA-256 of its bytes: the same bytes are kept once, whoever
// refers to them. What is here is durable before the commit that refers to it. Nothing here knows who refers to it:
// the owner does, and deletes what nobody refers to any more.
/// <summary>Keeps large payloads of executions, by their digest. May be used by many threads at once.</summary>
public interface IPayloadStore : IDisposable
{
    /// <summary>In words, for people.</summary>
    string Where { get; }

    /// <summary>
    /// Keeps a payload. It is there when this completes, whatever happens to the process or the host; what was there
    /// under its name is replaced.
    /// </summary>
    /// <param name="digest">Its SHA-256, in lower-case hexadecimal.</param>
    /// <param name="bytes">How many it has.</param>
    /// <param name="write">Gives its bytes.</param>
    /// <param name="cancelled">Nobody wants it any more.</param>
    /// <exception cref="PayloadException">It could not be kept.</exception>
    Task PutAsync(string digest, long bytes, Action<PayloadPieces> write, CancellationToken cancelled);

    /// <summary>Its bytes, unchecked.</summary>
    /// <exception cref="PayloadException">It is not there, or cannot be read.</exception>
    byte[] Get(string digest, long bytes);

    /// <summary>So many of its bytes, from an offset on, unchecked.</summary>
    /// <exception cref="PayloadException">They are not there, or cannot be read.</exception>
    byte[] GetPart(string digest, long offset, int bytes);

    /// <summary>How many bytes it has here; null when it is not here.</summary>
    /// <exception cref="PayloadException">Nobody knows.</exception>
    long? LengthOf(string digest);

    /// <summary>All that are here.</summary>
    /// <exception cref="PayloadException">They cannot be listed.</exception>
    IReadOnlyList<string> List();

    /// <summary>Deletes one; it is no mistake when it is not there.</summary>
    /// <exception cref="PayloadException">It cannot be deleted.</exception>
    void Delete(string digest);
}

/// <summary>Why a payload could not be kept or had.</summary>
public enum PayloadFailure
{
    /// <summary>It is not where it was put.</summary>
    Missing,

    /// <summary>Its bytes are not those that its name says.</summary>
    Corrupt,

    /// <summary>There is no room for it.</summary>
    Full,

    /// <summary>Its store cannot be reached, or refuses.</summary>
    Unavailable,
}

/// <summary>
/// A large payload of an execution cannot be kept or had. Caught where executions are taken up and requests answered.
/// </summary>
public sealed class PayloadException(PayloadFailure failure, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public PayloadFailure Failure { get; } = failure;
}
