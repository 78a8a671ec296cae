using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>Makes an execution's state again of its records.</summary>
/// <param name="definition">What it runs.</param>
/// <param name="identity">Who it is.</param>
/// <param name="payloads">Reads what is kept beside the records.</param>
internal sealed class ExecutionFold(
    StateMachineDefinition definition, ExecutionIdentity identity, PayloadReader payloads)
{
    /// <summary>What the records until now came to.</summary>
    public ExecutionReplay State { get; private set; } = new(definition, identity);

    /// <summary>Goes on from a snapshot.</summary>
    /// <exception cref="SnapshotException">It is none.</exception>
    /// <exception cref="Journal.Executions.PayloadException">A payload is not there, or not what it was.</exception>
    public void Begin(ReadOnlySpan<byte> snapshot) =>
        State = ExecutionSnapshot.Read(snapshot, definition, identity, payloads.Load);

    /// <summary>Folds records that follow a position; gives the last of them.</summary>
    /// <exception cref="JournalCorruptException">They are not what was written.</exception>
    /// <exception cref="Journal.Executions.PayloadException">A payload is not there, or not what it was.</exception>
    /// <exception cref="ExecutionDivergedException">The machine would now have done otherwise.</exception>
    public JournalPosition Add(JournalPosition last, IReadOnlyList<JournalRecord> records)
    {
        StepReader reader = new(last);
        foreach (var record in records)
        {
            if (reader.Next(record) is not { } step)
            {
                continue;
            }

            if (step.IsSegment)
            {
                Begin(step);
            }
            else
            {
                Add(step.Body.Span);
            }
        }

        return reader.Last;
    }

    private void Add(ReadOnlySpan<byte> step)
    {
        var @event = StepRecord.ReadEvent(
            step, (reference, slot) => payloads.Load(reference, State.State.LastEventId + 1, slot));
        var result = State.Add(@event);
        if (!Written(step, @event, result.History).AsSpan().SequenceEqual(step))
        {
            throw new ExecutionDivergedException(identity.Id, @event.GetType().Name, State.State.LastEventId);
        }
    }

    // What a segment begins with is what the records before it came to; without those, it is what there is.
    private void Begin(StoredStep segment)
    {
        var (version, snapshot) = SegmentRecord.Snapshot(segment.Body.Span);
        if (version != ExecutionSnapshot.FormatVersion)
        {
            throw new StepRecordException($"begins a segment in format {version}, which this version does not know");
        }

        var begins = ExecutionSnapshot.Read(snapshot, definition, identity, payloads.Load);
        if (!State.State.IsStarted)
        {
            State = begins;
            return;
        }

        State.Roll(begins.Segments);
        if (!ExecutionSnapshot.AreSame(State, begins))
        {
            throw new JournalCorruptException(
                segment.Sequence, "segment", "what the records before it come to", "another state");
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
