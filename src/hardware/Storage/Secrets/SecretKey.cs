using System.Security.Cryptography;
using System.Text;
using Analemma.Linux;

namespace Analemma.Storage.Secrets;

/// <summary>
/// The key file: one line of text, mode 0600, the kernel's own. Made at the first use; never made anew while there are
/// secrets, which only the old one opens.
/// </summary>
internal sealed class SecretKey(string path)
{
    private const string Prefix = "analemma-secret-key-1 ";
    private const int KeyBytes = 32;
    private const int OwnerReadsAndWrites = 0x180; // 0600
    private const int Others = 0x3F; // 0077

    public byte[] ReadOrMake(bool mayMake)
    {
        if (DurableFile.Rights(path) is not { } rights)
        {
            return mayMake ? Make() : throw new SecretStoreException(
                SecretStoreFailure.KeyMissing,
                $"there are secrets, but their key file {path} is gone",
                "put the key file back from a copy; without it the secrets are lost: remove them and set them again");
        }

        if (!rights.IsRegular || (rights.Mode & Others) != 0 || rights.Uid != DurableFile.OwnUid)
        {
            var found = !rights.IsRegular ? "is no regular file"
                : rights.Uid != DurableFile.OwnUid ? $"belongs to uid {rights.Uid}"
                : $"has mode {Convert.ToString(rights.Mode, 8).PadLeft(4, '0')}";
            throw new SecretStoreException(
                SecretStoreFailure.KeyExposed,
                $"the key file {path} {found}; it must be the kernel's own, with mode 0600",
                "if nobody else can have read it, `chmod 600` it and make it the kernel's; else change all secrets");
        }

        return Parse(File.ReadAllText(path)) ?? throw new SecretStoreException(
            SecretStoreFailure.KeyDamaged,
            $"the key file {path} holds no key",
            "put the key file back from a copy; without it the secrets are lost: remove both, and set them again");
    }

    private static byte[]? Parse(string text)
    {
        var key = new byte[KeyBytes];
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..].TrimEnd('\n'), key, out var length)
            && length == KeyBytes ? key : null;
    }

    private byte[] Make()
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var text = Encoding.ASCII.GetBytes($"{Prefix}{Convert.ToBase64String(key)}\n");
        DurableFile.Replace(path, path + ".new", text, OwnerReadsAndWrites);
        return key;
    }
}
