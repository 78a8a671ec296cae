using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Engine;

// FROM THE DISK TO A STATE
//
//   snapshot, if there is one that this version reads ─► records after it ─┐
//        │ anything at all is wrong with it                                ├─► state
//        └─► all records, from the first segment that is kept ─────────────┘
//
// A snapshot saves time and is never needed: the records say all that it says.
/// <summary>Makes the state of an execution again of what the store has of it.</summary>
internal sealed class ExecutionRestore(
    IExecutionStore store, PayloadLoader payloads, SnapshotRule rule, ILogger log)
{
    /// <exception cref="JournalCorruptException">The records are not what was written.</exception>
    /// <exception cref="PayloadException">A payload is not there, or not what it was.</exception>
    /// <exception cref="ExecutionDivergedException">The machine would now have done otherwise.</exception>
    public RestoredExecution Restore(long key, StateMachineDefinition definition, ExecutionIdentity identity)
    {
        PayloadReader reader = new(payloads, identity.Id);
        if (TryFromSnapshot(key, definition, identity, reader) is { } restored)
        {
            return restored;
        }

        ExecutionFold fold = new(definition, identity, reader);
        var records = store.Records(key);
        var last = fold.Add(JournalPosition.Beginning, records);
        return new RestoredExecution(fold.State, last, Pace(new SnapshotPace(rule), records));
    }

    private RestoredExecution? TryFromSnapshot(
        long key, StateMachineDefinition definition, ExecutionIdentity identity, PayloadReader reader)
    {
        try
        {
            if (store.Checkpoint(key) is not { FormatVersion: ExecutionSnapshot.FormatVersion } kept)
            {
                return null;
            }

            ExecutionFold fold = new(definition, identity, reader);
            fold.Begin(kept.State.Span);
            var records = store.Records(key, kept.Position.Sequence + 1);
            var last = fold.Add(kept.Position, records);
            return new RestoredExecution(
                fold.State, last, Pace(new SnapshotPace(rule).Made(kept.State.Length), records));
        }
        catch (Exception wrong) when (wrong is JournalCorruptException or SnapshotException or PayloadException
            or StepRecordException or JsonTextException or ExecutionDivergedException
            or JournalStoreException { Failure: JournalStoreFailure.Damaged })
        {
            log.SnapshotPassedOver(identity.Id, wrong.Message);
            return null;
        }
    }

    private static SnapshotPace Pace(SnapshotPace pace, IReadOnlyList<JournalRecord> records) =>
        records.Aggregate(pace, (before, record) => before.Added(record.Body.Length));
}

/// <summary>An execution's state, made again.</summary>
/// <param name="Fold">The state.</param>
/// <param name="Last">The last record that it has in it.</param>
/// <param name="Pace">What there is since its last snapshot.</param>
internal sealed record RestoredExecution(ExecutionReplay Fold, JournalPosition Last, SnapshotPace Pace)
{
    /// <summary>That the records that were read are all that the store has noted.</summary>
    /// <exception cref="JournalCorruptException">The end of them is missing.</exception>
    public void MustEndAt(JournalPosition noted)
    {
        if (Last != noted)
        {
            throw new JournalCorruptException(Last.Sequence + 1, "end", $"{noted.Sequence}", $"{Last.Sequence}");
        }
    }
}
