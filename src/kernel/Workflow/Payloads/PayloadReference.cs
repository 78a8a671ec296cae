using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Payloads;

/// <summary>A payload that is kept beside the records: what its text is, by its digest.</summary>
/// <param name="Sha256">Of its JSON text, in lower-case hexadecimal.</param>
/// <param name="Bytes">Of its JSON text.</param>
public sealed record PayloadReference(string Sha256, long Bytes)
{
    /// <summary>Characters of a digest.</summary>
    public const int DigestChars = 64;

    /// <summary>The most that one character takes when it is written.</summary>
    private const int EscapeChars = 6;

    // The same value stands in many records of an execution: it is measured and digested once.
    private static readonly ConditionalWeakTable<object, PayloadReference> Known = [];

    /// <summary>Null when the value is small enough to stand in a record itself.</summary>
    public static PayloadReference? OfLarge(JsonValue value)
    {
        if (ContentOf(value) is not { } content)
        {
            return null;
        }

        if (Known.TryGetValue(content, out var known))
        {
            return known;
        }

        var reference = Measure(value);
        if (reference is not null)
        {
            Known.AddOrUpdate(content, reference);
        }

        return reference;
    }

    /// <summary>Remembers what a value was found to be.</summary>
    public static void Know(JsonValue value, PayloadReference reference)
    {
        if (ContentOf(value) is { } content)
        {
            Known.AddOrUpdate(content, reference);
        }
    }

    /// <summary>Whether a text is a digest.</summary>
    public static bool IsDigest(string text) => text.Length == DigestChars && text.All(char.IsAsciiHexDigitLower);

    private static object? ContentOf(JsonValue value) => value.TryGetObject(out var members) ? members
        : value.TryGetArray(out var items) ? items
        : value.TryGetString(out var text) && text.Length > ExecutionLimits.PayloadBytesMax / EscapeChars ? text
        : null;

    private static PayloadReference? Measure(JsonValue value)
    {
        if (!value.IsLongerThan(ExecutionLimits.PayloadBytesMax, JsonWriteOptions.Service))
        {
            return null;
        }

        long bytes = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        value.WriteTo(
            piece =>
            {
                bytes += piece.Length;
                hash.AppendData(piece);
            },
            JsonWriteOptions.Service);
        return new PayloadReference(Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }
}

/// <summary>A payload that is to be kept beside the records.</summary>
/// <param name="Reference">What the record says of it.</param>
/// <param name="Value">What it is.</param>
public sealed record PagedPayload(PayloadReference Reference, JsonValue Value);
