using Analemma.Linux;

namespace Analemma.Storage.Secrets;

/// <summary>
/// Secrets as files of a folder, one each, sealed with the key beside it: <c>secrets/NAME.sealed</c> and
/// <c>secrets.key</c>. One kernel owns a state folder, so the lock is of this process alone. The key is read for each
/// use: its mode is checked again, and nothing of it stays.
/// </summary>
public sealed class FileSecretStore : ISecretStore
{
    private const string Suffix = ".sealed";
    private const string Temporary = ".new";
    private const int OwnerReadsAndWrites = 0x180; // 0600
    private const long FileBytesMax = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly SecretKey _key;

    /// <param name="stateFolder">The kernel's. Nothing is made there before the first secret is set.</param>
    public FileSecretStore(string stateFolder)
    {
        _folder = Path.Combine(stateFolder, "secrets");
        _key = new SecretKey(Path.Combine(stateFolder, "secrets.key"));
    }

    /// <inheritdoc/>
    public IReadOnlyList<StoredSecret> List() => Guard(() =>
    {
        List<StoredSecret> found = [];
        foreach (var name in Names())
        {
            var (created, changed) = SealedSecret.Dates(ReadBounded(name)) ?? throw Damaged(name);
            found.Add(new StoredSecret(name, created, changed));
        }

        return found;
    });

    /// <inheritdoc/>
    public bool Set(string name, ReadOnlySpan<byte> value, DateTimeOffset at)
    {
        var copy = value.ToArray();
        return Guard(() =>
        {
            Directory.CreateDirectory(
                _folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var key = _key.ReadOrMake(mayMake: !Names().Any());
            var path = PathOf(name);
            var isThere = File.Exists(path);
            // One that is damaged is replaced all the same: that is how it is repaired.
            var created = isThere && IsSane(name) ? SealedSecret.Dates(File.ReadAllBytes(path))?.Created : null;
            DurableFile.Replace(
                path, path + Temporary, SealedSecret.Seal(key, name, copy, created ?? at, at), OwnerReadsAndWrites);
            return isThere;
        });
    }

    /// <inheritdoc/>
    public byte[]? Read(string name) => Guard(() =>
    {
        if (!File.Exists(PathOf(name)))
        {
            return null;
        }

        var key = _key.ReadOrMake(mayMake: false);
        var file = ReadBounded(name);
        return SealedSecret.Open(key, name, file) ?? throw (SealedSecret.IsOf(key, file)
            ? Damaged(name)
            : new SecretStoreException(
                SecretStoreFailure.SecretDamaged,
                $"the secret {name} was sealed with another key than the one in the key file",
                "put the key file back that it was sealed with, or set the secret again"));
    });

    /// <inheritdoc/>
    public bool Remove(string name) => Guard(() =>
    {
        DurableFile.Remove(PathOf(name) + Temporary);
        return DurableFile.Remove(PathOf(name));
    });

    private static bool IsName(string name) => name.Length is > 0 and <= 64
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-')
        && char.IsAsciiLetterOrDigit(name[0]);

    private IEnumerable<string> Names() => Directory.Exists(_folder)
        ? Directory.EnumerateFiles(_folder, "*" + Suffix)
            .Select(path => Path.GetFileName(path)[..^Suffix.Length])
            .Where(IsName)
            .Order(StringComparer.Ordinal)
        : [];

    private bool IsSane(string name) => new FileInfo(PathOf(name)).Length <= FileBytesMax;

    private byte[] ReadBounded(string name) => IsSane(name) ? File.ReadAllBytes(PathOf(name)) : throw Damaged(name);

    private string PathOf(string name) => IsName(name)
        ? Path.Combine(_folder, name + Suffix)
        : throw new ArgumentException("the name of a secret has letters, digits and . _ - inside", nameof(name));

    private SecretStoreException Damaged(string name) => new(
        SecretStoreFailure.SecretDamaged,
        $"the secret {name} is damaged: {PathOf(name)} is not what was written",
        "put the file back from a copy, or set the secret again");

    private T Guard<T>(Func<T> work)
    {
        lock (_lock)
        {
            try
            {
                return work();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or LinuxException)
            {
                throw new SecretStoreException(
                    SecretStoreFailure.Io, fault.Message, "see that the state folder can be read and written", fault);
            }
        }
    }
}
