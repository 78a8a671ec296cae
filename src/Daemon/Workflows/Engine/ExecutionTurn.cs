using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Snapshots;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>What goes into one commit.</summary>
internal sealed class ExecutionTurn(HostTurn hosted, JournalPosition last, SnapshotPace pace)
{
    public HostTurn Hosted => hosted;

    public JournalPosition Position { get; private set; } = last;

    public SnapshotPace Pace { get; private set; } = pace;

    /// <summary>The state after it, when it is to be kept; null when it is not.</summary>
    public Checkpoint? Snapshot { get; private set; }

    public List<JournalRecord> Records { get; } = [];

    /// <summary>Records before this sequence are let go; 0 for none.</summary>
    public long Prune { get; private set; }

    /// <summary>Documents of payloads that then nothing refers to.</summary>
    public IReadOnlyList<StoredDocument> Released { get; private set; } = [];

    /// <summary>What records refer to.</summary>
    public List<PagedPayload> Payloads { get; } = [];

    /// <summary>What the snapshot refers to.</summary>
    public List<PagedPayload> OfSnapshot { get; } = [];

    public IReadOnlyList<PagedPayload> AllPayloads =>
        OfSnapshot.Count == 0 ? Payloads : [.. Payloads, .. OfSnapshot];

    public void Write()
    {
        foreach (var step in hosted.Steps)
        {
            Position = StepRecords.Append(Records, Position, step.Event, step.Result.History, Payloads);
        }

        foreach (var record in Records)
        {
            Pace = Pace.Added(record.Body.Length);
        }
    }

    /// <summary>A segment begins with it.</summary>
    public bool Rolled(RolledHistory rolled)
    {
        (Position, Prune, Released) = (rolled.Position, rolled.Prune, rolled.Released);
        return true;
    }

    /// <summary>Keeps the state as it is now, when that is due.</summary>
    public void Keep(HostedExecution state, bool isRolled)
    {
        if ((!Pace.IsDue && !isRolled) || Records.Count == 0 || state.State.IsOver)
        {
            return;
        }

        try
        {
            var written = ExecutionSnapshot.Write(
                state.State, state.Open, state.LastAt, state.Segments, OfSnapshot);
            Pace = Pace.Made(written.Length);
            Snapshot = new Checkpoint(Position, ExecutionSnapshot.FormatVersion, written);
        }
        catch (Exception wide) when (wide is JsonDepthException or JsonSizeException or SnapshotException)
        {
            // Its records do without it.
            Pace = Pace.Made(0);
            OfSnapshot.Clear();
        }
    }

    public void TellAll(Exception? failure = null)
    {
        foreach (var (ticket, made) in hosted.Told)
        {
            var told = (TaskCompletionSource<bool>)ticket;
            if (failure is not null)
            {
                told.TrySetException(failure);
            }
            else
            {
                told.TrySetResult(made);
            }
        }
    }
}
