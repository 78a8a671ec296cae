using Analemma.Journal;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Steps as records of a chain: one record each, or several when a step is larger than a record may be.
/// </summary>
internal static class StepRecords
{
    private const string Step = "step";
    private const string Part = "step_part";

    /// <summary>
    /// Adds a step to records that follow a position, and what is too large for them to payloads; gives the new one.
    /// </summary>
    public static JournalPosition Append(
        List<JournalRecord> records,
        JournalPosition last,
        ExecutionEvent @event,
        IReadOnlyList<HistoryEvent> history,
        List<PagedPayload> payloads)
    {
        ReadOnlyMemory<byte> body = StepRecord.Write(@event, history, payloads);
        while (body.Length > JournalLimits.RecordBytesMax)
        {
            last = Add(records, last, Part, body[..JournalLimits.RecordBytesMax], @event.At);
            body = body[JournalLimits.RecordBytesMax..];
        }

        return Add(records, last, Step, body, @event.At);
    }

    /// <summary>The steps of checked records, in order.</summary>
    /// <exception cref="JournalCorruptException">They do not follow each other.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Steps(IReadOnlyList<JournalRecord> records) =>
        Steps(JournalPosition.Beginning, records);

    /// <summary>The steps of records that follow a position.</summary>
    /// <exception cref="JournalCorruptException">They do not follow it, or each other.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Steps(
        JournalPosition last, IReadOnlyList<JournalRecord> records)
    {
        List<byte>? parts = null;
        foreach (var record in records)
        {
            HashChain.Check(last, record);
            last = record.Position;
            if (record.Type == Part)
            {
                (parts ??= []).AddRange(record.Body.Span);
                continue;
            }

            if (parts is null)
            {
                yield return record.Body;
                continue;
            }

            parts.AddRange(record.Body.Span);
            yield return parts.ToArray();
            parts = null;
        }
    }

    /// <summary>The step that a record ends; null for a part of one, which is kept until then.</summary>
    public static ReadOnlyMemory<byte>? Whole(JournalRecord record, ref List<byte>? parts)
    {
        if (record.Type == Part)
        {
            (parts ??= []).AddRange(record.Body.Span);
            return null;
        }

        if (parts is null)
        {
            return record.Body;
        }

        parts.AddRange(record.Body.Span);
        var step = parts.ToArray();
        parts = null;
        return step;
    }

    private static JournalPosition Add(
        List<JournalRecord> records, JournalPosition last, string type, ReadOnlyMemory<byte> body, DateTimeOffset at)
    {
        var record = HashChain.Next(last, new JournalEntry(type, body, at.UtcTicks));
        records.Add(record);
        return record.Position;
    }
}
