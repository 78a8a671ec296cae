using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store whose snapshots are others than were written, and which knows what was read.</summary>
internal sealed class TamperedStore(IExecutionStore inner, Func<Checkpoint?, Checkpoint?> tamper)
    : PassThroughStore(inner)
{
    /// <summary>From which sequence the records of an execution were read, in order.</summary>
    public List<long> ReadFrom { get; } = [];

    public List<Checkpoint> Written { get; } = [];

    public override void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        if (change.Checkpoint is { } made)
        {
            lock (Written)
            {
                Written.Add(made);
            }
        }

        Inner.Write(change, done);
    }

    public override IReadOnlyList<JournalRecord> Records(long key, long fromSequence = 1)
    {
        lock (ReadFrom)
        {
            ReadFrom.Add(fromSequence);
        }

        return Inner.Records(key, fromSequence);
    }

    public override Checkpoint? Checkpoint(long key) => tamper(Inner.Checkpoint(key));
}
