using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Linux;

namespace Analemma.Daemon.Http;

// TOKENS
//
//   analemma-7-Zm9vYmFyYmF6cXV4Zm9v    who speaks, and 128 bits of HMAC-SHA256 of that by the kernel's own key
//
// Of those that were handed out nothing is kept but some that were shown, in memory. The key lies in the state folder
// with mode 0600, so that a token outlives a restart of the kernel, as its process may; removing the file and starting
// anew makes all of them void.
/// <summary>Makes and checks the tokens by which programs on the host are known.</summary>
internal sealed class EndpointTokens
{
    private const string Start = "analemma-";
    private const int KeyBytes = 32;
    private const int SealBytes = 16;
    private const int OwnerOnly = 0x180; // 0600

    private const int ShownMax = 1024;

    private readonly byte[] _key;

    // A program shows its token with every request; to make it anew costs more than all else that is looked at.
    private readonly ConcurrentDictionary<long, byte[]> _shown = new();

    private EndpointTokens(byte[] key) => _key = key;

    /// <summary>Reads the key, or makes one.</summary>
    /// <exception cref="IOException">The file is there, but is no key or readable by others.</exception>
    public static EndpointTokens Open(string stateFolder)
    {
        var path = Path.Combine(stateFolder, "endpoint.key");
        if (DurableFile.Rights(path) is { } rights)
        {
            if (!rights.IsRegular || rights.Uid != DurableFile.OwnUid || (rights.Mode & ~OwnerOnly) != 0)
            {
                throw new IOException($"{path} is not a file of mode 0600 of this user; remove it to make a new key");
            }

            var key = File.ReadAllBytes(path);
            return key.Length == KeyBytes
                ? new EndpointTokens(key)
                : throw new IOException($"{path} is not a key; remove it to make a new one");
        }

        var made = RandomNumberGenerator.GetBytes(KeyBytes);
        DurableFile.Replace(path, $"{path}.new", made, OwnerOnly);
        return new EndpointTokens(made);
    }

    /// <summary>With a key that is nowhere kept.</summary>
    public static EndpointTokens Passing() => new(RandomNumberGenerator.GetBytes(KeyBytes));

    public string Of(ProcessId process)
    {
        var who = process.Value.ToString(CultureInfo.InvariantCulture);
        return $"{Start}{who}-{Base64Url.EncodeToString(Seal(who))}";
    }

    /// <summary>Whose a token is; false for what is none of ours.</summary>
    public bool TryRead(string token, out ProcessId process)
    {
        process = default;
        if (!token.StartsWith(Start, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = token[Start.Length..];
        var dash = rest.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !long.TryParse(rest[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        process = new ProcessId(number);
        var shown = Encoding.UTF8.GetBytes(token);
        if (_shown.TryGetValue(number, out var known))
        {
            return CryptographicOperations.FixedTimeEquals(shown, known);
        }

        // Compared as text: a seal has but one spelling.
        var right = Encoding.UTF8.GetBytes(Of(process));
        if (!CryptographicOperations.FixedTimeEquals(shown, right))
        {
            return false;
        }

        Keep(number, right);
        return true;
    }

    // Only what was shown rightly, so that nobody fills it by guessing.
    private void Keep(long number, byte[] token)
    {
        if (_shown.Count >= ShownMax)
        {
            _shown.Clear();
        }

        _shown[number] = token;
    }

    private byte[] Seal(string who) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(who))[..SealBytes];
}
