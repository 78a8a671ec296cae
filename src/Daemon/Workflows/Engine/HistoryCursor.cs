using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>Reads the history of an execution on from where it was, each record once.</summary>
internal sealed class HistoryCursor(IExecutionStore store, long key)
{
    /// <summary>Records at first: one who wants the first event only reads no more.</summary>
    private const int FirstPage = 32;

    private const int Page = 2048;

    private readonly StepReader _reader = new(JournalPosition.Beginning, mayJump: true);

    /// <summary>What came since the last call.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    public IEnumerable<HistoryEvent> Read()
    {
        foreach (var step in Steps())
        {
            if (!step.IsSegment)
            {
                foreach (var happened in StepRecord.ReadHistory(step.Body.Span))
                {
                    yield return happened;
                }
            }
        }
    }

    /// <summary>The steps that came since the last call, and what begins segments.</summary>
    /// <exception cref="JournalCorruptException">They are not what was written.</exception>
    public IEnumerable<StoredStep> Steps()
    {
        var size = FirstPage;
        IReadOnlyList<JournalRecord> page;
        do
        {
            page = store.Page(key, _reader.Last.Sequence + 1, size);
            foreach (var record in page)
            {
                if (_reader.Next(record) is { } step)
                {
                    yield return step;
                }
            }

            (var asked, size) = (size, Page);
            if (page.Count < asked)
            {
                yield break;
            }
        }
        while (true);
    }
}
