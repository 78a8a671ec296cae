using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>Makes an execution's state again of its records.</summary>
internal static class ExecutionFold
{
    /// <summary>Folds records that follow a position.</summary>
    /// <param name="fold">What the records before came to.</param>
    /// <param name="arn">Whose they are.</param>
    /// <param name="last">Which they follow.</param>
    /// <param name="records">What happened since, unchecked.</param>
    /// <param name="payloads">Reads what is kept beside them.</param>
    /// <returns>The last of them.</returns>
    /// <exception cref="JournalCorruptException">They are not what was written.</exception>
    /// <exception cref="Journal.Executions.PayloadException">A payload is not there, or not what it was.</exception>
    /// <exception cref="ExecutionDivergedException">The machine would now have done otherwise.</exception>
    public static JournalPosition Add(
        ExecutionReplay fold,
        string arn,
        JournalPosition last,
        IReadOnlyList<JournalRecord> records,
        PayloadReader payloads)
    {
        foreach (var step in StepRecords.Steps(last, records))
        {
            Add(fold, arn, step.Span, payloads);
        }

        return records.Count == 0 ? last : records[^1].Position;
    }

    /// <summary>Folds one step.</summary>
    public static void Add(ExecutionReplay fold, string arn, ReadOnlySpan<byte> step, PayloadReader payloads)
    {
        var @event = StepRecord.ReadEvent(
            step, (reference, slot) => payloads.Load(reference, fold.State.LastEventId + 1, slot));
        var result = fold.Add(@event);
        if (!Written(step, @event, result.History).AsSpan().SequenceEqual(step))
        {
            throw new ExecutionDivergedException(arn, @event.GetType().Name, fold.State.LastEventId);
        }
    }

    // What an earlier version wrote whole is compared whole.
    private static byte[] Written(
        ReadOnlySpan<byte> step, ExecutionEvent @event, IReadOnlyList<HistoryEvent> history) =>
        StepRecord.IsPaged(step)
            ? StepRecord.Write(@event, history, new List<PagedPayload>())
            : StepRecord.Write(@event, history);
}

/// <summary>
/// An execution's history, folded again, comes out otherwise than it was written: it was made by another version of the
/// kernel. It is left as it is, and is not run on.
/// </summary>
internal sealed class ExecutionDivergedException(string arn, string @event, long eventId)
    : Exception($"{arn} cannot be continued: {@event} at event {eventId} now leads elsewhere than it did");
