using System.Security.Cryptography;
using Analemma.Journal.Executions;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Archives;

/// <summary>What an archive has next: a change of the store, or a payload that a later one refers to.</summary>
internal readonly record struct ArchivePart(ExecutionStoreChange? Change, ArchivePayload? Payload);

/// <summary>A payload as it comes out of an archive, in pieces.</summary>
internal sealed class ArchivePayload(PayloadReference reference)
{
    private readonly List<byte[]> _pieces = [];

    public PayloadReference Reference => reference;

    /// <summary>Bytes that are here.</summary>
    public long Have { get; private set; }

    public void Add(byte[] piece)
    {
        _pieces.Add(piece);
        Have += piece.Length;
    }

    /// <summary>The SHA-256 of what is here.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        WriteTo(hash.AppendData);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void WriteTo(PayloadPieces take)
    {
        foreach (var piece in _pieces)
        {
            take(piece);
        }
    }
}
