using System.Security.Cryptography;
using Analemma.Journal.Executions;

namespace Analemma.Daemon.Workflows.Payloads;

// A PAYLOAD IN PARTS
//
// A payload may have a gigabyte, and who reads it part by part needs one part at a time. Before the first is seen all
// of it is digested, and with it each part: a part is then compared with what it was, and nothing else is kept.
/// <summary>Reads payloads part by part, each checked before anybody sees it.</summary>
internal sealed class PayloadParts(IPayloadStore payloads)
{
    /// <summary>Bytes of a part; the last may have fewer.</summary>
    public const int PartBytes = 8 * 1024 * 1024;

    private const int KnownMax = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Checked> _known = new(StringComparer.Ordinal);

    /// <summary>From an offset to the end of the part that it is in, and how many bytes the payload has.</summary>
    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public (ReadOnlyMemory<byte> Bytes, long Whole) Read(string digest, long offset)
    {
        var known = Know(digest);
        if (offset >= known.Bytes)
        {
            return (default, known.Bytes);
        }

        var number = (int)(offset / PartBytes);
        var part = Part(digest, number, known.Bytes);
        if (!SHA256.HashData(part).AsSpan().SequenceEqual(known.Parts[number]))
        {
            Forget(digest);
            throw Corrupt(digest, $"its bytes from {(long)number * PartBytes} on have changed");
        }

        return (part.AsMemory((int)(offset % PartBytes)), known.Bytes);
    }

    private Checked Know(string digest)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(digest, out var known))
            {
                return known;
            }
        }

        var found = Check(digest);
        lock (_gate)
        {
            if (_known.Count >= KnownMax)
            {
                _known.Clear();
            }

            return _known[digest] = found;
        }
    }

    private void Forget(string digest)
    {
        lock (_gate)
        {
            _known.Remove(digest);
        }
    }

    private Checked Check(string digest)
    {
        var bytes = payloads.LengthOf(digest)
            ?? throw new PayloadException(PayloadFailure.Missing, $"payload {digest} is not in {payloads.Where}");
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<byte[]> parts = [];
        while ((long)parts.Count * PartBytes < bytes)
        {
            var part = Part(digest, parts.Count, bytes);
            whole.AppendData(part);
            parts.Add(SHA256.HashData(part));
        }

        var found = Convert.ToHexStringLower(whole.GetHashAndReset());
        return found == digest
            ? new Checked(bytes, parts)
            : throw Corrupt(digest, $"it has {bytes} bytes with SHA-256 {found}");
    }

    private byte[] Part(string digest, int number, long bytes)
    {
        var from = (long)number * PartBytes;
        return payloads.GetPart(digest, from, (int)Math.Min(PartBytes, bytes - from));
    }

    private PayloadException Corrupt(string digest, string how) => new(
        PayloadFailure.Corrupt, $"payload {digest} in {payloads.Where} is not what was written: {how}");

    private sealed record Checked(long Bytes, IReadOnlyList<byte[]> Parts);
}
