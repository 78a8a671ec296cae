using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;

namespace Analemma.Daemon.Workflows.Archives;

/// <summary>
/// Whether snapshots of executions, and what they are said to wait for, are what their records come to.
/// </summary>
internal sealed class SnapshotCheck : IDisposable
{
    private readonly WorkflowOptions _options;
    private readonly IExecutionReader _store;
    private readonly IPayloadStore _payloads;
    private readonly Dictionary<string, MachineRevision> _revisions = new(StringComparer.Ordinal);
    private readonly Dictionary<long, StoredExecution> _waiting;

    public SnapshotCheck(WorkflowOptions options, IExecutionReader store)
    {
        (_options, _store) = (options, store);
        _payloads = PayloadPlaces.OpenToRead(options);
        _waiting = store.Open().Where(each => each.Waits is not null).ToDictionary(each => each.Key);
        foreach (var document in store.Documents(StateMachines.RevisionKind))
        {
            _revisions[document.Key] = MachineRevision.Read(document.Key, document.Body!);
        }
    }

    /// <summary>Snapshots that were compared.</summary>
    public long Checked { get; private set; }

    /// <summary>Compares what is kept beside the records of an execution, which check out.</summary>
    /// <exception cref="JournalCorruptException">It is another state.</exception>
    public void Check(StoredExecution execution, IReadOnlyList<JournalRecord> records)
    {
        var head = ExecutionHead.Read(execution.Head);
        CheckSnapshot(execution, head, records);
        CheckWaits(execution, head, records);
    }

    private void CheckWaits(StoredExecution execution, ExecutionHead head, IReadOnlyList<JournalRecord> records)
    {
        if (!_waiting.TryGetValue(execution.Key, out var waiting)
            || !_revisions.TryGetValue(head.Revision, out var revision))
        {
            return;
        }

        var identity = head.Identity(_options);
        if (StoredWaits.Read(waiting, identity) is null)
        {
            // Another version wrote it, and this one passes over it.
            return;
        }

        try
        {
            ExecutionFold fold = new(
                head.DefinitionIn(revision.Compiled), identity, new(new PayloadLoader(_payloads), head.Arn));
            var last = fold.Add(JournalPosition.Beginning, records);
            var found = StoredWaits.Write(execution.Key, last, fold.State.State, fold.State.Open);
            if (found is null || !found.AsSpan().SequenceEqual(waiting.Waits))
            {
                throw new JournalCorruptException(
                    last.Sequence, "what it waits for", "what the records come to", "something else");
            }
        }
        catch (Exception wrong) when (wrong is StepRecordException or ExecutionDivergedException)
        {
            // As for snapshots.
        }
        catch (PayloadException wrong)
        {
            throw new JournalCorruptException(
                execution.Last.Sequence, "payload", "what the records refer to", wrong.Message);
        }
    }

    private void CheckSnapshot(StoredExecution execution, ExecutionHead head, IReadOnlyList<JournalRecord> records)
    {
        if (_store.Checkpoint(execution.Key) is not { FormatVersion: ExecutionSnapshot.FormatVersion } kept
            || !_revisions.TryGetValue(head.Revision, out var revision))
        {
            // None, or one that this version passes over.
            return;
        }

        var definition = head.DefinitionIn(revision.Compiled);
        var identity = head.Identity(_options);
        PayloadReader reader = new(new PayloadLoader(_payloads), head.Arn);
        try
        {
            ExecutionFold fold = new(definition, identity, reader);
            var before = records.TakeWhile(record => record.Sequence <= kept.Position.Sequence).ToArray();
            fold.Add(JournalPosition.Beginning, before);
            if (!ExecutionSnapshot.AreSame(fold.State, Read(kept, definition, identity, reader)))
            {
                throw Wrong(kept, "another state");
            }
        }
        catch (Exception wrong) when (wrong is StepRecordException or ExecutionDivergedException)
        {
            // What its records come to is a question of the version, not of what was written.
            return;
        }
        catch (PayloadException wrong)
        {
            throw Wrong(kept, wrong.Message);
        }

        Checked++;
    }

    public void Dispose() => _payloads.Dispose();

    private static ExecutionReplay Read(
        Checkpoint kept, StateMachineDefinition definition, ExecutionIdentity identity, PayloadReader reader)
    {
        try
        {
            return ExecutionSnapshot.Read(kept.State.Span, definition, identity, reader.Load);
        }
        catch (SnapshotException wrong)
        {
            throw Wrong(kept, wrong.Message);
        }
    }

    private static JournalCorruptException Wrong(Checkpoint kept, string found) =>
        new(kept.Position.Sequence, "snapshot", "what the records come to", found);
}
