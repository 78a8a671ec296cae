using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analemma.Storage.Secrets;

// THE FILE OF A SECRET
//
//    0   8  "ANLSEC01"
//    8   8  which key it is of: the first bytes of the SHA-256 of the key
//   16   8  created, UTC ticks, little-endian
//   24   8  changed, the same
//   32  12  nonce, random for every write
//   44  16  tag
//   60   …  the value, AES-256-GCM (NIST SP 800-38D)
//
// Associated data are the first 32 bytes and the name, so that a file cannot be passed off as another's, or its dates
// changed. A random nonce of 96 bits may be used 2^32 times with one key (SP 800-38D, 8.3), far more than people set
// secrets.

/// <summary>One secret as it is at rest.</summary>
internal static class SealedSecret
{
    private const int NonceAt = 32;
    private const int NonceBytes = 12;
    private const int TagAt = NonceAt + NonceBytes;
    private const int TagBytes = 16;
    private const int HeaderBytes = TagAt + TagBytes;

    private static ReadOnlySpan<byte> Magic => "ANLSEC01"u8;

    public static byte[] Seal(
        byte[] key, string name, ReadOnlySpan<byte> value, DateTimeOffset created, DateTimeOffset at)
    {
        var file = new byte[HeaderBytes + value.Length];
        Magic.CopyTo(file);
        KeyId(key).CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(16), created.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(24), at.UtcTicks);
        RandomNumberGenerator.Fill(file.AsSpan(NonceAt, NonceBytes));
        using AesGcm cipher = new(key, TagBytes);
        cipher.Encrypt(
            file.AsSpan(NonceAt, NonceBytes),
            value,
            file.AsSpan(HeaderBytes),
            file.AsSpan(TagAt, TagBytes),
            Associated(file, name));
        return file;
    }

    /// <summary>The value; null when the file is not what was sealed with this key under this name.</summary>
    public static byte[]? Open(byte[] key, string name, ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes || !file.StartsWith(Magic))
        {
            return null;
        }

        var value = new byte[file.Length - HeaderBytes];
        using AesGcm cipher = new(key, TagBytes);
        try
        {
            cipher.Decrypt(
                file.Slice(NonceAt, NonceBytes),
                file[HeaderBytes..],
                file.Slice(TagAt, TagBytes),
                value,
                Associated(file, name));
            return value;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>The dates, which are no secret; null when the file is none of ours.</summary>
    public static (DateTimeOffset Created, DateTimeOffset Changed)? Dates(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes || !file.StartsWith(Magic))
        {
            return null;
        }

        var created = BinaryPrimitives.ReadInt64LittleEndian(file[16..]);
        var changed = BinaryPrimitives.ReadInt64LittleEndian(file[24..]);
        return IsTicks(created) && IsTicks(changed)
            ? (new DateTimeOffset(created, TimeSpan.Zero), new DateTimeOffset(changed, TimeSpan.Zero))
            : null;
    }

    public static bool IsOf(byte[] key, ReadOnlySpan<byte> file) =>
        file.Length >= HeaderBytes && file.Slice(8, 8).SequenceEqual(KeyId(key));

    private static bool IsTicks(long ticks) =>
        ticks >= DateTimeOffset.MinValue.UtcTicks && ticks <= DateTimeOffset.MaxValue.UtcTicks;

    private static ReadOnlySpan<byte> KeyId(byte[] key) => SHA256.HashData(key).AsSpan(0, 8);

    private static byte[] Associated(ReadOnlySpan<byte> file, string name) =>
        [.. file[..NonceAt], .. Encoding.UTF8.GetBytes(name)];
}
