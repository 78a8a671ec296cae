using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;

namespace Analemma.Daemon.Workflows.Engine;

// A HISTORY WITHOUT AN END
//
//   … step step step │ segment step step … step │ segment step step …
//                      └─ the state, the first event, which record it follows
//
// After so many events the commit of a step also begins a segment. What came before one is not needed any more: of the
// segments before the current one so many are kept, and none that ended longer ago than executions are kept. The chain
// of hashes goes on across; event ids too.
/// <summary>Lets histories go on in segments.</summary>
internal sealed class HistoryRolls(IExecutionStore store, WorkflowOptions options)
{
    /// <summary>Whether the history is long enough.</summary>
    public bool IsDue(HostedExecution execution) =>
        execution.State.LastEventId - CurrentOf(execution) + 1 >= options.SegmentEvents;

    /// <summary>
    /// Begins a segment after records that are about to be written; null when it cannot be now, and nothing is changed.
    /// </summary>
    /// <param name="key">Whose they are.</param>
    /// <param name="execution">Its state after them.</param>
    /// <param name="records">They; the segment's is added.</param>
    /// <param name="payloads">What they refer to; what the segment's does is added.</param>
    public RolledHistory? TryRoll(
        long key, HostedExecution execution, List<JournalRecord> records, List<PagedPayload> payloads)
    {
        try
        {
            // That it can be kept is found out before anything is changed.
            Write(execution, []);
            var first = FirstOf(key);
            var last = records[^1].Position;
            var kept = KeptWith(execution, last);
            var prune = kept[0].Sequence == OldestOf(execution) ? 0 : kept[0].Sequence;
            var dead = prune == 0 ? [] : Dead(key, prune, first, payloads);
            execution.Roll(kept);
            List<PagedPayload> beside = [];
            var segment = SegmentRecord.Write(last.Hash.ToString(), first, Write(execution, beside));
            payloads.AddRange(beside);
            return new RolledHistory(
                StepRecords.Begin(records, last, segment, execution.LastAt),
                prune,
                [.. dead.Except(beside.Select(page => page.Reference.Sha256), StringComparer.Ordinal)
                    .Select(digest => ExecutionPayloads.Released(digest, key))]);
        }
        catch (Exception wrong) when (wrong is JournalStoreException or JournalCorruptException or SnapshotException
            or StepRecordException or JsonDepthException or JsonSizeException)
        {
            return null;
        }
    }

    private static byte[] Write(HostedExecution execution, List<PagedPayload> payloads) => ExecutionSnapshot.Write(
        execution.State, execution.Open, execution.LastAt, execution.Segments, payloads);

    private static long CurrentOf(HostedExecution execution) =>
        execution.Segments is [.., var current] ? current.FirstEvent : 1;

    private static long OldestOf(HostedExecution execution) =>
        execution.Segments is [var oldest, ..] ? oldest.Sequence : 1;

    private List<HistorySegment> KeptWith(HostedExecution execution, JournalPosition last)
    {
        List<HistorySegment> kept = [.. execution.Segments];
        if (kept.Count == 0)
        {
            kept.Add(new HistorySegment(1, 1, execution.State.StartedAt));
        }

        kept.Add(new HistorySegment(last.Sequence + 1, execution.State.LastEventId + 1, execution.LastAt));
        // One has ended when the next began.
        while (kept.Count - 1 > options.SegmentsKept
            || (kept.Count > 1 && options.Retention > TimeSpan.Zero
                && kept[1].At < execution.LastAt - options.Retention))
        {
            kept.RemoveAt(0);
        }

        return kept;
    }

    // The step that the execution began with, or what a segment has of it.
    private byte[] FirstOf(long key)
    {
        foreach (var step in new HistoryCursor(store, key).Steps())
        {
            return step.IsSegment ? SegmentRecord.First(step.Body.Span) : step.Body.ToArray();
        }

        throw new StepRecordException("is not there");
    }

    // Payloads that records refer to that are let go, and nothing that stays does.
    private HashSet<string> Dead(
        long key, long prune, byte[] first, IReadOnlyList<PagedPayload> payloads)
    {
        HashSet<string> gone = new(StringComparer.Ordinal);
        HashSet<string> stays = [.. payloads.Select(page => page.Reference.Sha256)];
        foreach (var step in new HistoryCursor(store, key).Steps())
        {
            if (step.Sequence < prune)
            {
                gone.UnionWith(ReferencesOf(step));
            }
            else if (gone.Count == 0)
            {
                break;
            }
            else
            {
                stays.UnionWith(ReferencesOf(step));
            }
        }

        stays.UnionWith(StepRecord.References(first).Select(reference => reference.Sha256));
        gone.ExceptWith(stays);
        return gone;
    }

    private static IEnumerable<string> ReferencesOf(StoredStep step)
    {
        // Most have none: that is seen without reading them.
        if (!step.IsSegment && step.Body.Span.IndexOf("\"b\":["u8) < 0)
        {
            return [];
        }

        return step.References().Select(reference => reference.Sha256);
    }
}

/// <summary>What beginning a segment comes to.</summary>
/// <param name="Position">Of its record.</param>
/// <param name="Prune">Records before this sequence are let go; 0 for none.</param>
/// <param name="Released">Documents of payloads that then nothing refers to.</param>
internal sealed record RolledHistory(
    JournalPosition Position, long Prune, IReadOnlyList<StoredDocument> Released);
