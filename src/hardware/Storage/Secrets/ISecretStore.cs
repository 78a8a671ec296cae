namespace Analemma.Storage.Secrets;

/// <summary>
/// Where the kernel keeps secrets: named values that leave it only in the header or the key that they are for. All
/// members can be called from any thread.
/// </summary>
/// <exception cref="SecretStoreException">From every member: the store cannot do it, and nothing is lost.</exception>
public interface ISecretStore
{
    /// <summary>The names and dates, by name. Needs no key and reads no value.</summary>
    IReadOnlyList<StoredSecret> List();

    /// <summary>Keeps a value for good, in place of the one of that name. True when there was one.</summary>
    bool Set(string name, ReadOnlySpan<byte> value, DateTimeOffset at);

    /// <summary>A value, or null when nothing has the name.</summary>
    byte[]? Read(string name);

    /// <summary>Forgets a value for good. False when nothing has the name.</summary>
    bool Remove(string name);
}

/// <summary>A secret as it may be shown.</summary>
public sealed record StoredSecret(string Name, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

/// <summary>What is wrong with a store of secrets.</summary>
public enum SecretStoreFailure
{
    /// <summary>Others can read or write the key file, or it is somebody else's: who knows who has read it.</summary>
    KeyExposed,

    /// <summary>There are secrets, and their key file is gone.</summary>
    KeyMissing,

    /// <summary>The key file is there and holds no key.</summary>
    KeyDamaged,

    /// <summary>A secret does not open: it was changed, renamed, or is of another key.</summary>
    SecretDamaged,

    /// <summary>The host failed to read or write.</summary>
    Io,
}

/// <summary>
/// The store of secrets refuses. Nothing is ever repaired by guess: damaged files stay as they are, for whoever has a
/// copy.
/// </summary>
public sealed class SecretStoreException(
    SecretStoreFailure failure, string message, string hint, Exception? innerException = null)
    : Exception(message, innerException)
{
    public SecretStoreFailure Failure { get; } = failure;

    /// <summary>What to do about it.</summary>
    public string Hint { get; } = hint;
}
