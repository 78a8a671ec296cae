using System.Collections.Concurrent;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>
/// A store whose kernel is killed at one of its commits: from then on nothing is written, and nobody is told anything.
/// With one execution named, that is cut off alone, as when the others' commits came just before the kill.
/// </summary>
/// <param name="inner">Keeps what was written before.</param>
/// <param name="cutAt">At which commit, from 1.</param>
/// <param name="isKept">Whether that commit is still on disk, or was lost with its kernel.</param>
/// <param name="only">The one execution whose commits are counted and lost; null for all.</param>
internal sealed class CutStore(IExecutionStore inner, int cutAt, bool isKept, long? only = null)
    : PassThroughStore(inner)
{
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentBag<Action<JournalStoreException?>> _unheard = [];
    private int _writes;

    /// <summary>Completes when it is cut, and what is kept is on disk.</summary>
    public Task Cut => _cut.Task;

    public override void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        // State machines are there before anything is killed.
        if (change.Key == 0 || (only is { } one && change.Key != one))
        {
            Inner.Write(change, done);
            return;
        }

        var number = Interlocked.Increment(ref _writes);
        if (number < cutAt)
        {
            Inner.Write(change, done);
            return;
        }

        _unheard.Add(done);
        if (number == cutAt && isKept)
        {
            Inner.Write(change, _ => _cut.SetResult());
        }
        else if (number == cutAt)
        {
            _cut.SetResult();
        }
    }

    /// <summary>
    /// Tells those who still wait for a commit, when the engine has ended and what it says is heard by nobody.
    /// </summary>
    public void LetGo()
    {
        foreach (var done in _unheard)
        {
            done(new JournalStoreException(JournalStoreFailure.Io, "killed"));
        }
    }
}
