using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>Makes an execution's state again of what the store has of it.</summary>
internal static class ExecutionFold
{
    /// <summary>Folds checked records.</summary>
    /// <param name="definition">What it runs.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="records">All that happened.</param>
    /// <param name="payloads">Reads what is kept beside them.</param>
    /// <exception cref="JournalCorruptException">They are not what was written.</exception>
    /// <exception cref="Journal.Executions.PayloadException">A payload is not there, or not what it was.</exception>
    /// <exception cref="ExecutionDivergedException">The machine would now have done otherwise.</exception>
    public static ExecutionReplay Of(
        StateMachineDefinition definition,
        ExecutionIdentity identity,
        IReadOnlyList<JournalRecord> records,
        PayloadReader payloads)
    {
        ExecutionReplay fold = new(definition, identity);
        foreach (var step in StepRecords.Steps(records))
        {
            var @event = StepRecord.ReadEvent(
                step.Span, (reference, slot) => payloads.Load(reference, fold.State.LastEventId + 1, slot));
            var result = fold.Add(@event);
            if (!Written(step.Span, @event, result.History).AsSpan().SequenceEqual(step.Span))
            {
                throw new ExecutionDivergedException(identity.Id, @event.GetType().Name, fold.State.LastEventId);
            }
        }

        return fold;
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
