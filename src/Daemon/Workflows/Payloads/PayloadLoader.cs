using System.Globalization;
using System.Security.Cryptography;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Payloads;

/// <summary>Reads payloads, each checked before anybody sees it.</summary>
internal sealed class PayloadLoader(IPayloadStore payloads)
{
    /// <summary>A payload's value.</summary>
    /// <param name="reference">Which.</param>
    /// <param name="where">What refers to it, for who must look into a mistake.</param>
    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public JsonValue Load(PayloadReference reference, string where)
    {
        var value = JsonValue.Parse(Read(reference, where), JsonLimits.Widest);
        PayloadReference.Know(value, reference);
        return value;
    }

    /// <summary>A payload's text in UTF-8, checked.</summary>
    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public byte[] Read(PayloadReference reference, string where)
    {
        byte[] bytes;
        try
        {
            bytes = payloads.Get(reference.Sha256, reference.Bytes);
        }
        catch (PayloadException failed)
        {
            throw new PayloadException(failed.Failure, $"{failed.Message}; it is referred to by {where}", failed);
        }

        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == reference.Sha256
            ? bytes
            : throw new PayloadException(
                PayloadFailure.Corrupt,
                $"payload {reference.Sha256} in {payloads.Where} is not what was written: it has {bytes.Length} bytes "
                + $"with SHA-256 {found}, and had {reference.Bytes}; it is referred to by {where}");
    }
}

/// <summary>Reads the payloads of one execution: each once, however often it is referred to.</summary>
internal sealed class PayloadReader(PayloadLoader payloads, string arn)
{
    private readonly Dictionary<string, JsonValue> _read = new(StringComparer.Ordinal);

    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public JsonValue Load(PayloadReference reference, long eventId, string slot) => Load(
        reference, string.Create(CultureInfo.InvariantCulture, $"{slot} of event {eventId}"));

    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public JsonValue Load(PayloadReference reference, string what)
    {
        if (!_read.TryGetValue(reference.Sha256, out var value))
        {
            _read[reference.Sha256] = value = payloads.Load(reference, $"{arn}, {what}");
        }

        return value;
    }
}
