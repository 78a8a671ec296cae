using Analemma.Daemon.Runners;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.History;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Boot;

/// <summary>
/// Keeps recovery short: after so many records the state is written beside the journal. It is taken between two turns
/// and written while the kernel goes on.
/// </summary>
internal sealed class Checkpoints(JournalWriter journal, BackgroundTasks tasks, ILogger log)
{
    private long _last;
    private int _writing;

    /// <summary>Called between turns, with the baton.</summary>
    public void TurnEnded(JournalPosition position, KernelState state)
    {
        if (position.Sequence - _last < DaemonLimits.CheckpointEvery || Interlocked.Exchange(ref _writing, 1) == 1)
        {
            return;
        }

        _last = position.Sequence;
        var checkpoint = Take(position, state);
        tasks.Run(async cancellationToken =>
        {
            await WriteAsync(checkpoint, cancellationToken);
            Volatile.Write(ref _writing, 0);
        });
    }

    /// <summary>The last one, when no turn can come any more.</summary>
    public async Task FinishAsync(JournalPosition position, KernelState state, CancellationToken cancellationToken)
    {
        if (position.Sequence > _last)
        {
            await WriteAsync(Take(position, state), cancellationToken);
        }
    }

    private static Checkpoint Take(JournalPosition position, KernelState state) =>
        new(position, StateCheckpoint.FormatVersion, StateCheckpoint.Write(state));

    // A checkpoint that cannot be written costs time at the next start, nothing else.
    private async Task WriteAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            await journal.CheckpointAsync(checkpoint, DaemonLimits.RecordsKept, cancellationToken);
        }
        catch (JournalStoreException failed)
        {
            log.CheckpointFailed(checkpoint.Position.Sequence, failed.Message);
        }
    }
}
