using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Snapshots;

namespace Analemma.Workflow.Records;

// A SEGMENT BEGINS
//
//   {"previous": hash, "version": n, "first": {a step with the first event alone}, "s": {a snapshot}}
//
// A history that goes on for ever goes on in segments. The record that begins one has all that a fold of the records
// before it comes to, so that those may be let go: it says which record it follows, and with what the execution began.
/// <summary>Writes and reads the records that begin segments of a history.</summary>
public static class SegmentRecord
{
    private const string Prefix = "{\"previous\":\"";
    private const int HashChars = 64;

    /// <summary>As UTF-8.</summary>
    /// <param name="previous">The hash of the record before it, in hexadecimal.</param>
    /// <param name="first">The record of the execution's first step, or what <see cref="First"/> gave.</param>
    /// <param name="snapshot">The state.</param>
    /// <exception cref="StepRecordException">The first is no step.</exception>
    public static byte[] Write(string previous, ReadOnlySpan<byte> first, ReadOnlySpan<byte> snapshot) =>
        JsonValue.From(JsonObject.Of(
            ("previous", previous),
            ("version", ExecutionSnapshot.FormatVersion),
            ("first", StepRecord.FirstOnly(first)),
            ("s", StepRecord.Parse(snapshot)))).ToUtf8(JsonWriteOptions.Service);

    /// <summary>
    /// The hash of the record before it, of a record that begins a segment or is the first part of one that does; null
    /// of any other.
    /// </summary>
    public static string? PreviousOf(ReadOnlySpan<byte> record)
    {
        var from = Encoding.UTF8.GetBytes(Prefix);
        return record.Length >= from.Length + HashChars && record.StartsWith(from)
            ? Encoding.ASCII.GetString(record.Slice(from.Length, HashChars))
            : null;
    }

    /// <summary>The execution's first step, as <see cref="StepRecord.ReadHistory"/> reads it.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static byte[] First(ReadOnlySpan<byte> record) =>
        StepRecord.Parse(record)["first"].ToUtf8(JsonWriteOptions.Service);

    /// <summary>The state that it begins with, and its format.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static (int FormatVersion, byte[] State) Snapshot(ReadOnlySpan<byte> record)
    {
        var parsed = StepRecord.Parse(record);
        return parsed["version"].TryGetInt32(out var version)
            ? (version, parsed["s"].ToUtf8(JsonWriteOptions.Service))
            : throw new StepRecordException("begins a segment and says no version");
    }

    /// <summary>What is kept beside it.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static IReadOnlyList<PayloadReference> References(ReadOnlySpan<byte> record) =>
        [.. StepRecord.References(First(record)), .. ExecutionSnapshot.References(Snapshot(record).State)];
}
