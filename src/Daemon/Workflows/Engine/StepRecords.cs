using Analemma.Journal;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Steps as records of a chain: one record each, or several when a step is larger than a record may be; and between
/// them the records that begin segments.
/// </summary>
internal static class StepRecords
{
    private const string Step = "step";
    private const string Part = "step_part";
    private const string Segment = "segment";

    /// <summary>
    /// Adds a step to records that follow a position, and what is too large for them to payloads; gives the new one.
    /// </summary>
    public static JournalPosition Append(
        List<JournalRecord> records,
        JournalPosition last,
        ExecutionEvent @event,
        IReadOnlyList<HistoryEvent> history,
        List<PagedPayload> payloads) =>
        AddAll(records, last, Step, StepRecord.Write(@event, history, payloads), @event.At);

    /// <summary>Begins a segment after records that follow a position; gives the new one.</summary>
    public static JournalPosition Begin(
        List<JournalRecord> records, JournalPosition last, byte[] segment, DateTimeOffset at) =>
        AddAll(records, last, Segment, segment, at);

    /// <summary>The steps of checked records, in order.</summary>
    /// <exception cref="JournalCorruptException">They do not follow each other.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Steps(IReadOnlyList<JournalRecord> records)
    {
        StepReader reader = new(JournalPosition.Beginning);
        foreach (var record in records)
        {
            if (reader.Next(record) is { IsSegment: false } step)
            {
                yield return step.Body;
            }
        }
    }

    /// <summary>
    /// What the first record that is kept of an execution follows: what it says itself when it begins a segment, and
    /// else the beginning.
    /// </summary>
    public static JournalPosition Before(JournalRecord first) =>
        first.Sequence > 1
        && SegmentRecord.PreviousOf(first.Body.Span) is { } previous
        && previous.All(char.IsAsciiHexDigit)
        && ChainHash.TryRead(Convert.FromHexString(previous), out var hash)
            ? new JournalPosition(first.Sequence - 1, hash)
            : JournalPosition.Beginning;

    /// <summary>Whether a record ends a step, or what begins a segment; else it is a part of one.</summary>
    public static bool IsWhole(JournalRecord record) => record.Type != Part;

    public static bool IsSegment(JournalRecord record) => record.Type == Segment;

    private static JournalPosition AddAll(
        List<JournalRecord> records, JournalPosition last, string type, ReadOnlyMemory<byte> body, DateTimeOffset at)
    {
        while (body.Length > JournalLimits.RecordBytesMax)
        {
            last = Add(records, last, Part, body[..JournalLimits.RecordBytesMax], at);
            body = body[JournalLimits.RecordBytesMax..];
        }

        return Add(records, last, type, body, at);
    }

    private static JournalPosition Add(
        List<JournalRecord> records, JournalPosition last, string type, ReadOnlyMemory<byte> body, DateTimeOffset at)
    {
        var record = HashChain.Next(last, new JournalEntry(type, body, at.UtcTicks));
        records.Add(record);
        return record.Position;
    }
}

/// <summary>A step as it was stored, or what begins a segment.</summary>
/// <param name="Body">What was stored.</param>
/// <param name="IsSegment">Whether it begins a segment.</param>
/// <param name="Sequence">Of its last record.</param>
internal readonly record struct StoredStep(ReadOnlyMemory<byte> Body, bool IsSegment, long Sequence)
{
    /// <summary>The payloads that it refers to.</summary>
    public IReadOnlyList<PayloadReference> References() =>
        IsSegment ? SegmentRecord.References(Body.Span) : StepRecord.References(Body.Span);
}

/// <summary>Reads steps out of records that follow a position, each checked.</summary>
/// <param name="last">Which they follow.</param>
/// <param name="mayJump">
/// Whether records may be missing before one that begins a segment: they can be let go while somebody reads. Before the
/// first they may always be.
/// </param>
internal sealed class StepReader(JournalPosition last, bool mayJump = false)
{
    private List<byte>? _parts;

    /// <summary>The last record that was read.</summary>
    public JournalPosition Last { get; private set; } = last;

    /// <summary>What the record ends; null when it is a part.</summary>
    /// <exception cref="JournalCorruptException">It does not follow.</exception>
    public StoredStep? Next(JournalRecord record)
    {
        if (record.Sequence > Last.Sequence + 1 && (mayJump || Last == JournalPosition.Beginning)
            && StepRecords.Before(record) is { Sequence: > 0 } before)
        {
            (Last, _parts) = (before, null);
        }

        HashChain.Check(Last, record);
        Last = record.Position;
        if (!StepRecords.IsWhole(record))
        {
            (_parts ??= []).AddRange(record.Body.Span);
            return null;
        }

        var body = record.Body;
        if (_parts is not null)
        {
            _parts.AddRange(body.Span);
            body = _parts.ToArray();
            _parts = null;
        }

        return new StoredStep(body, StepRecords.IsSegment(record), record.Sequence);
    }
}
