using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>Reads the history of an execution on from where it was, each record once.</summary>
internal sealed class HistoryCursor(IExecutionStore store, long key)
{
    private JournalPosition _last = JournalPosition.Beginning;
    private List<byte>? _parts;

    /// <summary>What came since the last call.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    public IEnumerable<HistoryEvent> Read()
    {
        foreach (var record in store.Records(key, _last.Sequence + 1))
        {
            HashChain.Check(_last, record);
            _last = record.Position;
            if (StepRecords.Whole(record, ref _parts) is { } step)
            {
                foreach (var happened in StepRecord.ReadHistory(step.Span))
                {
                    yield return happened;
                }
            }
        }
    }
}
